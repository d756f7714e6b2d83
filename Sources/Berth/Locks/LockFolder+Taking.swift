// SPDX-License-Identifier: Apache-2.0

import BerthStore

// What is done to a ticket by another than its owner, or to its lease: by its
// name, and under the gate wherever two must not do it at once.
extension LockFolder {
    /// Removes a ticket whose name is what holds the lock.
    ///
    /// The bell is opened before: if this process dies after the removal, it
    /// hangs up, and whoever watched it wakes; whoever watches it later finds
    /// the ticket gone.
    ///
    /// - Throws: `stale` where another was quicker.
    func take(away ticket: Ticket) throws(CoordinatorError) {
        let bell = try? FileCalls.openFifo(ticket.bellName, in: directory, .both)
        defer { if let bell { FileCalls.close(bell) } }
        do throws(SystemError) {
            try FileCalls.unlink(ticket.fileName, in: directory)
        } catch let error where error.errno == .noEntry {
            throw stale(ticket.number)
        } catch {
            throw .system("cannot release the lock '" + name.text + "' in " + path, error)
        }
        if let bell { FileCalls.ring(bell) }
        remove(ticket.detailsName)
        remove(ticket.bellName)
        if case .slots = ticket.mode { remove(ticket.turnName) }
    }

    /// Takes a place in the line away from one whose lease has ended, unless
    /// the lease is renewed, or another was quicker.
    func takeEnded(_ ticket: Ticket, until deadline: Deadline) throws(CoordinatorError) -> Bool {
        let gate = try Gate.enter(self, until: deadline)
        let isEnded = try standing(of: ticket) == .ended
        if isEnded { try take(away: ticket) }
        gate.leave()
        return isEnded
    }

    /// Begins the lease of a ticket, or renews it: it ends its length from now.
    ///
    /// A crash before the writing leaves the old end, one after it the new one:
    /// nobody was told either way.
    ///
    /// - Returns: The lease as it now is; nil where the ticket is none.
    /// - Throws: `stale` where it has ended, or the ticket is gone: nothing is
    ///   changed.
    @discardableResult
    func renew(
        _ ticket: Ticket, length: UInt64? = nil, until deadline: Deadline
    ) throws(CoordinatorError) -> LeaseTerm? {
        guard ticket.isLease else {
            guard try standing(of: ticket).isLive else { throw stale(ticket.number) }
            return nil
        }
        let gate = try Gate.enter(self, until: deadline)
        let view = try view(of: ticket)
        guard view.standing.isLive, let lease = view.lease else { throw stale(ticket.number) }
        let length = length ?? lease.length
        let renewed = LeaseTerm(length: lease.length, end: Clock.boot + length)
        try calling("cannot renew the lease of") { () throws(SystemError) in
            let file = try FileCalls.open(ticket.fileName, in: directory, .readingAndWriting)
            defer { FileCalls.close(file) }
            try FileCalls.writeAll(
                file, TicketContent.digits(renewed.end ?? 0), at: TicketContent.endOffset)
        }
        gate.leave()
        return renewed
    }

    func stale(_ token: UInt64) -> CoordinatorError {
        CoordinatorError(
            .stale,
            "the lock '" + name.text + "' is no longer held with the token " + String(token))
    }
}
