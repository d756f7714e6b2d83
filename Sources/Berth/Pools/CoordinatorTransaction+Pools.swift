// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension CoordinatorTransaction {
    /// Takes items of a pool, or renews what the same owner has.
    ///
    /// - Returns: What is held; nil where not enough items are free, or others
    ///   are in line for them.
    /// - Throws: ``CoordinatorError`` with `notFound` where there is no such
    ///   pool or no such process, and with `unavailable` where no waiting
    ///   would help.
    public mutating func takeItems(
        of pool: String, _ request: PoolRequest
    ) throws -> PoolHolding? {
        switch try take(.request(request), of: try PoolName(pool), under: "", isInLine: false) {
        case .taken(let holding): return holding
        case .waits: return nil
        }
    }

    /// Gives back items of a pool, all that the owner has where none are named.
    ///
    /// - Returns: The items that are free now.
    /// - Throws: ``CoordinatorError`` with `stale` where another has an item,
    ///   and with `notFound` where nobody has it or the owner has nothing.
    @discardableResult
    public mutating func giveItems(
        to pool: String, _ items: [String] = [], for path: String? = nil, tag: String? = nil,
        process: Int32? = nil
    ) throws -> [String] {
        let giver = try PoolGiver(path: path, tag: tag, process: process)
        return try withPool(try PoolName(pool)) { pool in try pool.give(items, giver) }
    }

    /// Looks for items. Whoever is not in line is given some only where nobody is.
    mutating func take(
        _ claim: PoolClaim, of name: PoolName, under entries: String, isInLine: Bool
    ) throws -> PoolLook {
        let locks = locks
        return try withPool(name) { pool in
            try pool.take(claim, under: entries) { () throws(CoordinatorError) in
                if isInLine { return true }
                return try !locks.isTaken(name.line)
            }
        }
    }

    mutating func withPool<Result>(
        _ name: PoolName, _ body: (inout PoolLedger) throws -> Result
    ) throws -> Result {
        var pool = PoolLedger(base, name, try PoolJudge(of: name, in: locks.path))
        let result = try body(&pool)
        base = pool.base
        if pool.isRinging { ring(name.interest) }
        return result
    }
}
