// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension LockService {
    /// Releases a lock that was taken for a process: by its token, or else that
    /// of a process which the caller descends from.
    ///
    /// - Throws: `notFound` where no such lock was ever used; `stale` where it
    ///   is not held by that token, or by none of those processes.
    package func release(_ name: LockName, token: UInt64?) throws(CoordinatorError) {
        let folder = try known(name)
        let ancestors = token == nil ? try Self.ancestors() : []
        for ticket in try folder.tickets() {
            guard token == nil || ticket.number == token else { continue }
            switch try folder.standing(of: ticket) {
            case .granted(let holder):
                guard token != nil || holder.map({ ancestors.contains($0.process) }) == true else {
                    continue
                }
                try folder.take(away: ticket)
                events.report(
                    .lockReleased, [.text("lock", name.text), .number("token", ticket.number)])
                return
            case .guarded where token != nil:
                throw CoordinatorError(
                    .stale,
                    "the lock '" + name.text + "' is held by a command that runs under it, with "
                        + "this token; it is released when that command ends")
            case .guarded, .gone, .dead, .ended:
                continue
            }
        }
        if let token { throw folder.stale(token) }
        throw CoordinatorError(
            .stale,
            "no process that runs this one holds the lock '" + name.text
                + "'; to release another's, name its --token")
    }

    /// Makes the lease of a grant end its length from now, or a new one.
    ///
    /// - Throws: `notFound` where no such lock was ever used; `stale` where the
    ///   token holds it no more, `invalid` where the grant is no lease.
    package func renew(
        _ name: LockName, token: UInt64, length: UInt64? = nil
    ) throws(CoordinatorError) {
        let folder = try known(name)
        guard let ticket = try folder.tickets().first(where: { $0.number == token }),
            try isHeld(name, token: token)
        else { throw folder.stale(token) }
        guard ticket.isLease else {
            throw CoordinatorError(
                .invalid,
                "the lock '" + name.text + "' was taken without a --ttl: there is nothing to renew")
        }
        try folder.renew(ticket, length: length, until: Deadline(after: gateTimeout))
    }

    /// The token by which a command that runs the caller has a lock, or had it,
    /// as its entries of ``HeldLocks`` say; nil where none names this lock.
    package func token(of name: LockName, in entries: String) throws(CoordinatorError) -> UInt64? {
        let folder = try known(name)
        for entry in HeldLocks.list(entries).reversed() {
            guard let token = HeldLocks.token(of: name, in: entry) else { continue }
            // Not one of the same name in another store.
            if try HeldLocks.entry(folder, token) == entry { return token }
        }
        return nil
    }

    /// Whether a lock is held with a token. One that waits for it does not hold it.
    package func isHeld(_ name: LockName, token: UInt64) throws(CoordinatorError) -> Bool {
        try listing(of: name).holders.contains { $0.ticket.number == token }
    }

    /// Takes a grant from whoever has it, dead or alive.
    ///
    /// - Throws: `stale` where it is over already.
    package func takeAway(_ ticket: Ticket, of name: LockName) throws(CoordinatorError) {
        try known(name).take(away: ticket)
    }

    func known(_ name: LockName) throws(CoordinatorError) -> LockFolder {
        if let folder = try LockFolder.open(name, in: path, creating: false) { return folder }
        throw Self.unknown(name)
    }

    /// The processes that this one descends from, and itself.
    static func ancestors() throws(CoordinatorError) -> [Int32] {
        var ancestors: [Int32] = []
        var next = CurrentProcess.identifier
        while next > 0, !ancestors.contains(next) {
            ancestors.append(next)
            switch ProcessTable.observe(next) {
            case .found(let facts): next = facts.parent
            case .missing: return ancestors
            case .unreadable:
                throw CoordinatorError(
                    .inputOutput,
                    "cannot tell which process started " + String(next)
                        + "; name the lock's --token instead")
            }
        }
        return ancestors
    }
}
