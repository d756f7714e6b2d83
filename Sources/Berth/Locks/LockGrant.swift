// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// By what a lock is held.
enum LockGrant: Sendable {
    /// By a ticket of its own, which is given back. The watch tells of its
    /// loss; nil where nobody wants to know.
    case own(HeldTicket, LeaseWatch?)
    /// By that of an outer call.
    case entered(HeldTicket)
    /// By that of a command that runs this process.
    case inherited(OuterGrant)

    /// A ticket's own, with a watch where its loss is to be told.
    static func own(
        _ held: HeldTicket, _ lease: Lock.Lease?
    ) throws(CoordinatorError) -> LockGrant {
        let watch = try lease?.onLoss.map { onLoss throws(CoordinatorError) in
            try LeaseWatch(held, onLoss)
        }
        return .own(held, watch)
    }

    /// The ticket by which this process holds it; nil where another does.
    var ticket: HeldTicket? {
        switch self {
        case .own(let held, _), .entered(let held): held
        case .inherited: nil
        }
    }

    /// The ticket that a call took for itself; nil where it entered again.
    var ownTicket: HeldTicket? {
        guard case .own(let held, _) = self else { return nil }
        return held
    }

    var name: LockName {
        switch self {
        case .own(let held, _), .entered(let held): held.name
        case .inherited(let outer): outer.folder.name
        }
    }

    var token: UInt64 {
        switch self {
        case .own(let held, _), .entered(let held): held.token
        case .inherited(let outer): outer.ticket.number
        }
    }

    var isHeld: Bool {
        switch self {
        case .own(let held, _), .entered(let held): held.isHeld
        case .inherited(let outer): outer.isHeld
        }
    }

    /// - Throws: `stale` where it has been lost.
    func renew() throws(CoordinatorError) {
        switch self {
        case .own(let held, _), .entered(let held): try held.renew()
        case .inherited(let outer): try outer.renew()
        }
    }

    /// Gives it back, unless it stays with whoever took it.
    ///
    /// - Returns: Whether it was held up to now.
    @discardableResult
    func release() -> Bool {
        guard case .own(let held, let watch) = self else { return isHeld }
        watch?.stop()
        return held.release()
    }
}
