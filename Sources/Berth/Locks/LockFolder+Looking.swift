// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Whether a ticket's place in the line is taken.
enum TicketStanding: Hashable, Sendable {
    /// It was given back, or taken from its holder.
    case gone
    /// Its owner has died.
    case dead
    /// Its lease has ended: whoever comes next takes the place.
    case ended
    /// Its owner holds its `flock`: it waits, or holds the lock.
    case guarded
    /// It was granted on behalf of a process, which lives or may live; nil
    /// where it cannot be read which.
    case granted(Holder?)

    var isLive: Bool {
        switch self {
        case .gone, .dead, .ended: false
        case .guarded, .granted: true
        }
    }
}

/// What one look at a ticket has shown.
struct TicketView: Hashable {
    let ticket: Ticket
    let standing: TicketStanding
    /// The lease it is, where it is one that lives.
    var lease: LeaseTerm?
    /// The process it stands for, or that took the lease, where it is read.
    var holder: Holder?
}

extension LockFolder {
    /// Whether a ticket's place in the line is still taken, and by what.
    func standing(of ticket: Ticket) throws(CoordinatorError) -> TicketStanding {
        try view(of: ticket).standing
    }

    /// Looks at a ticket.
    ///
    /// A shared lock is asked for and given back at once: no two who ask
    /// disturb each other, and no owner asks twice.
    func view(of ticket: Ticket) throws(CoordinatorError) -> TicketView {
        guard let file = try openTicket(ticket.fileName) else {
            return TicketView(ticket: ticket, standing: .gone)
        }
        defer { FileCalls.close(file) }
        let isGuarded = try isFlocked(file)
        guard ticket.isForProcess || ticket.isLease else {
            return TicketView(ticket: ticket, standing: isGuarded ? .guarded : .dead)
        }
        // Read after the flock was found free: whoever set the mark is through.
        let bytes = try content(of: file)
        let here = try surroundings()
        guard let content = TicketContent(bytes, from: here) else {
            return TicketView(ticket: ticket, standing: isGuarded ? .guarded : .dead)
        }
        let standing: TicketStanding
        if let lease = content.lease, ticket.isLease, lease.hasEnded(at: Clock.boot),
            // Not only while it is being renewed.
            TicketContent.end(in: file) == lease.end
        {
            standing = .ended
        } else if isGuarded {
            standing = .guarded
        } else if !ticket.isForProcess || !content.isGranted {
            standing = .dead
        } else {
            let isDead = content.holder.map { HolderStatus.of($0, from: here) } == .dead
            standing = isDead ? .dead : .granted(content.holder)
        }
        return TicketView(
            ticket: ticket, standing: standing, lease: ticket.isLease ? content.lease : nil,
            holder: content.holder)
    }

    /// Whether the owner of a ticket that is over lives, and is just removing it:
    /// it has its bell open. Who removed it too would keep those waiting who come
    /// next, and take it for one that died.
    func isBeingReleased(_ ticket: Ticket) -> Bool {
        let bell = try? FileCalls.openFifo(ticket.bellName, in: directory, .reading)
        guard let bell else { return false }
        defer { FileCalls.close(bell) }
        // Without one that has come and gone, a bell that nobody has says nothing.
        let writer = try? FileCalls.openFifo(ticket.bellName, in: directory, .writing)
        guard let writer else { return false }
        FileCalls.close(writer)
        return !Poll.hasHungUp(bell)
    }

    func surroundings() throws(CoordinatorError) -> Holder.Surroundings {
        try calling("cannot look into") { () throws(SystemError) in try .current() }
    }

    /// Opens a file that ought to be a ticket; nil where it is gone.
    func openTicket(_ name: String) throws(CoordinatorError) -> FileDescriptor? {
        do throws(SystemError) {
            let file = try FileCalls.open(name, in: directory, .reading)
            if try FileCalls.status(of: file).isRegular { return file }
            FileCalls.close(file)
        } catch let error where error.errno == .noEntry {
            return nil
        } catch let error where error.errno == .symbolicLinkLoop || error.errno == .noSuchDevice {
            // Said below.
        } catch {
            throw .system("cannot look at " + path + "/" + name, error)
        }
        throw planted(name)
    }

    func isFlocked(_ file: FileDescriptor) throws(CoordinatorError) -> Bool {
        try calling("cannot look into") { () throws(SystemError) in
            try !FileCalls.lock(file, .shared, waiting: false)
        }
    }

    private func content(of file: FileDescriptor) throws(CoordinatorError) -> [UInt8] {
        try calling("cannot look into") { () throws(SystemError) in
            try FileCalls.readAll(file, limit: 4096)
        }
    }

    func planted(_ name: String) -> CoordinatorError {
        CoordinatorError(
            .damaged,
            path + "/" + name + " is not a regular file, which Berth never makes; find out who "
                + "put it there, and remove it")
    }
}
