// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Several named locks that this process holds together.
///
/// They are held until ``release()``, or until the value goes out of scope, or
/// until the process ends in whatever way.
public struct LockGroup: ~Copyable, Sendable {
    /// In the order of their names.
    private let grants: [LockGrant]

    /// What was taken, and is given back where this fails; and what the caller
    /// is inside of already.
    init(
        _ held: [HeldTicket], _ lease: Lock.Lease?, entered: [LockGrant]
    ) throws(CoordinatorError) {
        var own: [LockGrant] = []
        do throws(CoordinatorError) {
            for ticket in held { own.append(try .own(ticket, lease)) }
        } catch {
            for grant in own.reversed() { grant.release() }
            throw error
        }
        grants = (own + entered).sorted {
            $0.name.text.utf8.lexicographicallyPrecedes($1.name.text.utf8)
        }
    }

    deinit {
        for grant in grants.reversed() {
            if case .own = grant { grant.release() }
        }
    }

    /// The names, in order.
    public var names: [String] { grants.map { $0.name.text } }

    /// The fencing token of one of them, see ``Lock/token``; nil where the name
    /// is none of them.
    public func token(of name: String) -> UInt64? {
        grants.first { $0.name.text == name }?.token
    }

    /// Whether all of them are still held, see ``Lock/isHeld``.
    public var isHeld: Bool { grants.allSatisfy { $0.isHeld } }

    /// Makes the lease of each end its whole length from now, as
    /// `Lock.renew()` does. Blocks the current thread for no longer than others
    /// take tickets for the same locks.
    ///
    /// - Throws: ``CoordinatorError`` with `stale` where one of them has been
    ///   lost; those before it in the order of their names are renewed.
    public func renew() throws(CoordinatorError) {
        for grant in grants { try grant.renew() }
    }

    /// Renews the leases, as the synchronous twin does.
    public func renew() async throws {
        let grants = grants
        do {
            try await Thread.run { for grant in grants { try grant.renew() } }
        } catch {
            throw CoordinatorError.converted(error)
        }
    }

    /// Gives the locks back, the last first.
    ///
    /// Those that were entered again stay with whoever took them.
    ///
    /// - Returns: Whether all of them were held up to now.
    @discardableResult
    public consuming func release() -> Bool {
        var wasHeld = true
        for grant in grants.reversed() where !grant.release() { wasHeld = false }
        return wasHeld
    }
}
