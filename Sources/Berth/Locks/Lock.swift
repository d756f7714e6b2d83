// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// A named lock that this process holds.
///
/// It is held until ``release()``, or until the value goes out of scope, or
/// until the process ends in whatever way. No other process, on any descriptor,
/// can take it from a holder that lives, unless the lock was taken with a
/// ``Lease``, or a person breaks it; a child that was forked off does not hold
/// it.
public struct Lock: ~Copyable, Sendable {
    private let grant: LockGrant

    init(_ held: HeldTicket, _ lease: Lease? = nil) throws(CoordinatorError) {
        grant = try .own(held, lease)
    }

    /// A lock that the caller is inside of already.
    init(reentering grant: LockGrant) {
        self.grant = grant
    }

    deinit {
        if case .own = grant { grant.release() }
    }

    /// The ticket by which this process holds it; nil where another does.
    var ticket: HeldTicket? { grant.ticket }

    /// The name under which it was taken.
    public var name: String { grant.name.text }

    /// The fencing token: a number from 1 to 2⁵³-1 that is larger than that of
    /// every earlier grant of this lock, also across crashes and reboots. A
    /// resource that remembers the largest one it has seen can refuse a holder
    /// that was stopped for too long.
    public var token: UInt64 { grant.token }

    /// Whether it is still held: its lease has not ended, and nobody has broken
    /// it. It may be old news when it is read; ``token`` fences, this does not.
    public var isHeld: Bool { grant.isHeld }

    /// Makes the lease end its whole length from now; without a lease it only
    /// makes sure that the lock is held. Blocks the current thread for no
    /// longer than others take tickets for the same lock.
    ///
    /// - Throws: ``CoordinatorError`` with `stale` where the lock has been
    ///   lost: nothing is changed, and no later renewal succeeds.
    public func renew() throws(CoordinatorError) {
        try grant.renew()
    }

    /// Renews the lease, as the synchronous twin does.
    public func renew() async throws {
        let grant = grant
        do {
            try await Thread.run { try grant.renew() }
        } catch {
            throw CoordinatorError.converted(error)
        }
    }

    /// Gives the lock back, and wakes the next in line.
    ///
    /// One that was entered again stays with whoever took it.
    ///
    /// - Returns: Whether it was held up to now. Where it was not, because its
    ///   lease had ended or somebody broke it, nothing is changed.
    @discardableResult
    public consuming func release() -> Bool {
        grant.release()
    }
}
