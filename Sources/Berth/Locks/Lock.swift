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
    /// By what it is held.
    private enum Grant {
        /// By a ticket of its own, which is given back. The watch tells of its
        /// loss; nil where nobody wants to know.
        case own(HeldTicket, LeaseWatch?)
        /// By that of an outer call.
        case entered(HeldTicket)
        /// By that of a command that runs this process.
        case inherited(OuterGrant)
    }

    private let grant: Grant

    init(_ held: HeldTicket, _ lease: Lease? = nil) throws(CoordinatorError) {
        let watch = try lease?.onLoss.map { onLoss throws(CoordinatorError) in
            try LeaseWatch(held, onLoss)
        }
        grant = .own(held, watch)
    }

    /// A lock that an outer call holds, entered again.
    init(reentering held: HeldTicket) {
        grant = .entered(held)
    }

    /// A lock that a command which runs this process holds, entered again.
    init(reentering outer: OuterGrant) {
        grant = .inherited(outer)
    }

    deinit {
        guard case .own(let held, let watch) = grant else { return }
        watch?.stop()
        held.release()
    }

    /// The ticket by which this process holds it; nil where another does.
    var ticket: HeldTicket? {
        switch grant {
        case .own(let held, _), .entered(let held): held
        case .inherited: nil
        }
    }

    /// The name under which it was taken.
    public var name: String {
        switch grant {
        case .own(let held, _), .entered(let held): held.name.text
        case .inherited(let outer): outer.folder.name.text
        }
    }

    /// The fencing token: a number from 1 to 2⁵³-1 that is larger than that of
    /// every earlier grant of this lock, also across crashes and reboots. A
    /// resource that remembers the largest one it has seen can refuse a holder
    /// that was stopped for too long.
    public var token: UInt64 {
        switch grant {
        case .own(let held, _), .entered(let held): held.token
        case .inherited(let outer): outer.ticket.number
        }
    }

    /// Whether it is still held: its lease has not ended, and nobody has broken
    /// it. It may be old news when it is read; ``token`` fences, this does not.
    public var isHeld: Bool {
        switch grant {
        case .own(let held, _), .entered(let held): held.isHeld
        case .inherited(let outer): outer.isHeld
        }
    }

    /// Makes the lease end its whole length from now; without a lease it only
    /// makes sure that the lock is held. Blocks the current thread for no
    /// longer than others take tickets for the same lock.
    ///
    /// - Throws: ``CoordinatorError`` with `stale` where the lock has been
    ///   lost: nothing is changed, and no later renewal succeeds.
    public func renew() throws(CoordinatorError) {
        try Self.renew(grant)
    }

    /// Renews the lease, as the synchronous twin does.
    public func renew() async throws {
        let grant = grant
        do {
            try await Thread.run { try Self.renew(grant) }
        } catch {
            throw CoordinatorError.converted(error)
        }
    }

    private static func renew(_ grant: Grant) throws(CoordinatorError) {
        switch grant {
        case .own(let held, _), .entered(let held): try held.renew()
        case .inherited(let outer): try outer.renew()
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
        guard case .own(let held, let watch) = grant else { return isHeld }
        watch?.stop()
        return held.release()
    }
}
