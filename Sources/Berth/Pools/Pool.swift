// SPDX-License-Identifier: Apache-2.0

package import BerthStore

/// A named pool of things of which each is used by one at a time: devices,
/// database names, licence seats.
///
/// An item is held by a directory and a tag, as a port is, until it is given
/// back, or until an end that it was taken with has come; or by a running
/// program, until that gives it back or dies. Whoever finds too few free gets
/// in line, and is served in the order of coming.
public struct Pool: Sendable {
    let coordinator: Coordinator
    /// The name of the pool. Whether it is valid shows at the first use.
    public let name: String

    func checkedName() throws(CoordinatorError) -> PoolName { try PoolName(name) }

    func write<Result>(
        _ operation: String, isEssential: Bool = false, makesStore: Bool = false,
        _ body: (inout PoolLedger) throws -> Result
    ) throws -> Result {
        let name = try checkedName()
        return try coordinator.write(
            operation, isEssential: isEssential, makesStore: makesStore
        ) { transaction in
            try transaction.withPool(name, body)
        }
    }

    // MARK: Synchronous

    /// Makes the pool. Blocks the current thread.
    ///
    /// - Parameter items: 1 to 4096 texts that differ, each of 1 to 255 bytes
    ///   without control characters, in the order in which they are given out.
    /// - Returns: Whether it was made; false where it was there already with
    ///   just these items.
    /// - Throws: ``CoordinatorError`` with `unavailable` where it is there with
    ///   others, and with `invalid` where the name or an item is not valid.
    @discardableResult
    public func create(_ items: [String]) throws -> Bool {
        let items = try PoolItems(items)
        return try write("pool.create", makesStore: true) { try $0.create(items) }
    }

    /// Adds items, which come after those that are there. Blocks the current thread.
    ///
    /// - Throws: ``CoordinatorError`` with `notFound` where there is no such
    ///   pool, and with `unavailable` where it has one of them already.
    public func add(_ items: [String]) throws {
        let items = try PoolItems(items)
        try write("pool.add") { try $0.add(items) }
    }

    /// Takes items out of the pool. Blocks the current thread.
    ///
    /// - Parameters:
    ///   - items: Items that it has.
    ///   - isForced: Whether they go even where they are in use. Whoever uses
    ///     them is not told.
    /// - Throws: ``CoordinatorError`` with `notFound` where there is no such
    ///   pool or item, with `busy` where one is in use, and with `unavailable`
    ///   where none would be left.
    public func remove(_ items: [String], isForced: Bool = false) throws {
        let items = try PoolItems(items)
        try write("pool.remove") { try $0.remove(items, isForced: isForced) }
    }

    /// Removes the pool. Whoever stands in line is told that it is gone.
    /// Blocks the current thread.
    ///
    /// - Parameter isForced: Whether it goes even where items are in use.
    ///   Whoever uses them is not told.
    /// - Throws: ``CoordinatorError`` with `notFound` where there is no such
    ///   pool, and with `busy` where an item is in use.
    public func drop(isForced: Bool = false) throws {
        try write("pool.drop") { try $0.drop(isForced: isForced) }
    }

    /// Takes items for a directory and a tag. Blocks the current thread while
    /// others have them.
    ///
    /// The same owner is given the same items each time. Others wait in line
    /// until enough are free, and are given all they asked for or none.
    ///
    /// - Parameters:
    ///   - request: How many, for whom and until when.
    ///   - timeout: How long to wait at most; nil waits without an end.
    /// - Returns: What is held, new or renewed.
    /// - Throws: ``CoordinatorError`` with `timedOut` where they were not free
    ///   in time, with `notFound` where there is no such pool or process, and
    ///   with `unavailable` where no waiting would help: more are asked for
    ///   than the pool has, or the same owner has another number of them.
    /// - Complexity: O(n) in the number of items, for each look.
    public func take(_ request: PoolRequest, timeout: Duration? = nil) throws -> PoolHolding {
        let under = try LockNesting.entries()
        guard let holding = try take(request, LockPatience(timeout), under: under) else {
            preconditionFailure("Berth: a wait for items ended without an outcome")
        }
        return holding
    }

    /// Takes items for a directory and a tag where enough are free and nobody
    /// stands in line. Blocks the current thread for no longer than it takes
    /// to look.
    ///
    /// - Returns: What is held; nil where others have them, or wait for them.
    /// - Throws: As `take(_:timeout:)`, but never `timedOut`.
    public func tryTake(_ request: PoolRequest) throws -> PoolHolding? {
        try take(request, .none)
    }

    /// Gives items back, and wakes the first in line. Blocks the current thread.
    ///
    /// - Parameters:
    ///   - items: Which; all that the owner has where none are named.
    ///   - path: The directory for which they were taken, relative to the
    ///     working directory; that one itself where there is none.
    ///   - tag: The tag with which they were taken.
    ///   - process: The process for which they were taken. Without one, those
    ///     of the nearest process that runs this one, else those for none.
    /// - Returns: The items that are free now.
    /// - Throws: ``CoordinatorError`` with `stale` where another has an item,
    ///   and with `notFound` where nobody has it or the owner has nothing.
    @discardableResult
    public func give(
        _ items: [String] = [], for path: String? = nil, tag: String? = nil, process: Int32? = nil
    ) throws -> [String] {
        let giver = try PoolGiver(path: path, tag: tag, process: process)
        let given = try write("pool.give", isEssential: true) { try $0.give(items, giver) }
        coordinator.events.report(
            .poolGiven, [.text("pool", name), .text("items", given.joined(separator: ","))])
        return given
    }

    /// The pool, who has its items and how many wait. Blocks the current
    /// thread, but never waits for a change.
    ///
    /// - Throws: ``CoordinatorError`` with `notFound` where there is no such pool.
    public func status() throws -> PoolStatus {
        let name = try checkedName()
        return try coordinator.read { view in try coordinator.status(of: name, view) }
    }

    // MARK: Asynchronous

    /// Makes the pool, as the synchronous twin does.
    @discardableResult
    public func create(_ items: [String]) async throws -> Bool {
        try await coordinator.onThread { try self.create(items) }
    }

    /// Adds items, as the synchronous twin does.
    public func add(_ items: [String]) async throws {
        try await coordinator.onThread { try self.add(items) }
    }

    /// Takes items out of the pool, as the synchronous twin does.
    public func remove(_ items: [String], isForced: Bool = false) async throws {
        try await coordinator.onThread { try self.remove(items, isForced: isForced) }
    }

    /// Removes the pool, as the synchronous twin does.
    public func drop(isForced: Bool = false) async throws {
        try await coordinator.onThread { try self.drop(isForced: isForced) }
    }

    /// Takes items for a directory and a tag, as the synchronous twin does.
    /// The wait ends when the task is cancelled.
    public func take(
        _ request: PoolRequest, timeout: Duration? = nil
    ) async throws -> PoolHolding {
        let patience = LockPatience(timeout)
        let under = try LockNesting.entries()
        let holding = try await cancellable {
            try self.take(request, patience, $0, under: under)
        }
        guard let holding else {
            preconditionFailure("Berth: a wait for items ended without an outcome")
        }
        return holding
    }

    /// Takes items where enough are free, as the synchronous twin does.
    public func tryTake(_ request: PoolRequest) async throws -> PoolHolding? {
        try await coordinator.onThread { try self.tryTake(request) }
    }

    /// Gives items back, as the synchronous twin does.
    @discardableResult
    public func give(
        _ items: [String] = [], for path: String? = nil, tag: String? = nil, process: Int32? = nil
    ) async throws -> [String] {
        try await coordinator.onThread {
            try self.give(items, for: path, tag: tag, process: process)
        }
    }

    /// The pool, who has its items and how many wait, as the synchronous twin
    /// tells it.
    public func status() async throws -> PoolStatus {
        try await coordinator.onThread { try self.status() }
    }

    // MARK: Taking

    package func take(
        _ request: PoolRequest, _ patience: LockPatience, _ cancellation: Cancellation? = nil,
        under: String = "", onWait: ((PoolObstacle) -> Void)? = nil
    ) throws -> PoolHolding? {
        var taker = PoolTaker(
            coordinator: coordinator, name: try checkedName(), claim: .request(request))
        taker.patience = patience
        taker.cancellation = cancellation
        taker.command = ProcessTable.command(of: CurrentProcess.identifier)
        taker.under = under
        taker.onWait = onWait
        return try taker.run()
    }
}

extension Coordinator {
    /// A pool of the store, which need not be there yet.
    ///
    /// - Parameter name: 1 to 255 bytes of printable ASCII without `/`, `"`
    ///   and `\`.
    /// - Returns: The way to the pool. Nothing of it is touched.
    public func pool(_ name: String) -> Pool { Pool(coordinator: self, name: name) }

    /// Every pool, by name and as they were at one moment. Blocks the current
    /// thread, but never waits for a change.
    public func pools() throws -> [PoolStatus] {
        try read { view in
            var names: [PoolName] = []
            try view.forEach(prefix: PoolRecords.pools) { record in
                if let name = PoolRecords.name(record.key) { names.append(name) }
                return true
            }
            return try names.map { try status(of: $0, view) }
        }
    }

    /// Every pool, as the synchronous twin tells them.
    public func pools() async throws -> [PoolStatus] {
        try await onThread { try self.pools() }
    }

    fileprivate func status(of name: PoolName, _ view: Snapshot) throws -> PoolStatus {
        let judge = try PoolJudge(of: name, in: path)
        return try PoolStatus(
            try view.state(of: name, judge), judge,
            waiting: try locks.listing(of: name.line).entries.count)
    }
}
