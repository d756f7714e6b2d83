// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension Coordinator {
    /// Whether a lock is held with a token: for a resource that refuses whoever
    /// has lost a lock. Blocks the current thread for no longer than it takes
    /// to look.
    ///
    /// - Parameters:
    ///   - name: The lock's name.
    ///   - token: What ``Lock/token`` said.
    /// - Returns: Whether it is the token of a grant that is in force. One who
    ///   waits holds nothing.
    /// - Throws: ``CoordinatorError`` with `invalid` where the name is none.
    public func isLockHeld(_ name: String, token: UInt64) throws(CoordinatorError) -> Bool {
        try locks.isHeld(try LockName(name), token: token)
    }

    /// Whether a lock is held with a token, as the synchronous twin tells it.
    public func isLockHeld(_ name: String, token: UInt64) async throws -> Bool {
        let service = locks
        return try await onThread { try service.isHeld(try LockName(name), token: token) }
    }

    /// A grant that was taken from its holder by `breakLock(_:token:)`.
    public struct BrokenGrant: Hashable, Sendable {
        /// The fencing token, which is stale now.
        public let token: UInt64
        /// The process that held the lock, and may go on without it; nil where
        /// it is not known.
        public let process: Int32?
        /// What it was started with, for people to read; empty where it is not known.
        public let command: String
    }

    /// Takes a lock from whoever holds it, dead or alive.
    ///
    /// Blocks the current thread. It is for people who know that the holder
    /// hangs: a holder that goes on believes that it is alone, and only its
    /// token tells it otherwise. The journal says, before it is done, who took
    /// what from whom.
    ///
    /// - Parameters:
    ///   - name: The lock's name.
    ///   - token: The only grant to break; nil breaks all that are in force.
    /// - Returns: What was taken; empty where nobody held the lock.
    /// - Throws: ``CoordinatorError`` with `notFound` where there is no such
    ///   lock, with `stale` where it is not held with that token.
    @discardableResult
    public func breakLock(_ name: String, token: UInt64? = nil) throws -> [BrokenGrant] {
        let service = locks
        let lock = try LockName(name)
        _ = try service.known(lock)
        let grants = try service.listing(of: lock).holders.filter { holder in
            token.map { $0 == holder.ticket.number } ?? true
        }
        guard !grants.isEmpty else {
            if let token { throw try service.known(lock).stale(token) }
            return []
        }
        try write("lock.break", isEssential: true) { transaction in
            try transaction.base.set(Self.breakRecord(lock), Self.breakValue(lock, grants))
        }
        var broken: [BrokenGrant] = []
        for grant in grants {
            do throws(CoordinatorError) {
                try service.takeAway(grant.ticket, of: lock)
            } catch {
                // Stale: given back meanwhile.
                if error.code == .stale { continue }
                throw error
            }
            broken.append(
                BrokenGrant(
                    token: grant.ticket.number, process: grant.process, command: grant.command))
        }
        if broken.isEmpty, let token { throw try service.known(lock).stale(token) }
        return broken
    }

    /// Takes a lock from whoever holds it, as the synchronous twin does.
    @discardableResult
    public func breakLock(_ name: String, token: UInt64? = nil) async throws -> [BrokenGrant] {
        try await onThread { try self.breakLock(name, token: token) }
    }

    /// The record of the last time that a lock was broken; the journal's
    /// history has the earlier ones.
    private static func breakRecord(_ lock: LockName) -> RecordKey {
        RecordKey("locks/broken/" + lock.folder)
    }

    private static func breakValue(_ lock: LockName, _ grants: [LockListing.Entry]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("name", lock.text)
        writer.member("taken")
        writer.beginArray()
        for grant in grants {
            writer.beginObject()
            writer.member("token", grant.ticket.number)
            if let process = grant.process { writer.member("pid", process) }
            writer.member("command", grant.command)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}
