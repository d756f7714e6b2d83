// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The folder of one lock, kept open: `gate`, and of each contender a ticket,
/// its bell and its details.
final class LockFolder: Sendable {
    let name: LockName
    let path: String
    let directory: FileDescriptor

    /// Opens the folder of a lock; nil where there is none and none is to be made.
    static func open(
        _ name: LockName, in store: String, creating: Bool
    ) throws(CoordinatorError) -> LockFolder? {
        guard let locks = try LockDirectory.open(store, creating: creating) else { return nil }
        return try locks.open(name, creating: creating)
    }

    init(_ name: LockName, _ path: String, _ directory: FileDescriptor) {
        self.name = name
        self.path = path
        self.directory = directory
    }

    deinit {
        FileCalls.close(directory)
    }

    /// Makes a system call fail as a failure of this lock. Where the disk is
    /// full the body is run again, as ``withRoom(_:)`` says.
    func calling<Result>(
        _ action: StaticString, _ body: () throws(SystemError) -> Result
    ) throws(CoordinatorError) -> Result {
        do throws(SystemError) {
            return try withRoom(body)
        } catch {
            throw .system(
                action.description + " the lock '" + name.text + "' in " + path, error)
        }
    }

    // MARK: Tickets

    /// What is in the folder.
    struct Contents {
        /// All tickets, in no order.
        var tickets: [Ticket] = []
        /// The names of tickets that have no number yet.
        var newborns: [String] = []
        /// The names of bells, details and turns.
        var companions: [String] = []
    }

    /// Lists the folder. A ticket that is in it from before the call to after
    /// it is in the list: a ticket never changes its name.
    func contents() throws(CoordinatorError) -> Contents {
        let names = try calling("cannot list") { () throws(SystemError) in
            try FileCalls.entries(of: directory)
        }
        var contents = Contents()
        for name in names {
            switch LockFolderEntry(name) {
            case .ticket(let ticket): contents.tickets.append(ticket)
            case .newborn: contents.newborns.append(name)
            case .companion: contents.companions.append(name)
            case .other: continue
            }
        }
        return contents
    }

    func tickets() throws(CoordinatorError) -> [Ticket] {
        try contents().tickets
    }

    // MARK: Sweeping

    /// Removes what a dead ticket has left. The ticket goes first: whoever finds
    /// it finds its bell. A crash after that leaves companions without a ticket,
    /// which ``tidy(_:below:)`` removes.
    ///
    /// - Returns: Whether it was there: no other was quicker.
    @discardableResult
    func sweep(_ ticket: Ticket) -> Bool {
        let wasThere = remove(ticket.fileName)
        remove(ticket.bellName)
        remove(ticket.detailsName)
        if case .slots = ticket.mode { remove(ticket.turnName) }
        return wasThere
    }

    /// Removes a file, wherever it has not been removed by another already.
    @discardableResult
    func remove(_ name: String) -> Bool {
        (try? FileCalls.unlink(name, in: directory)) != nil
    }

    /// Removes what processes have left that died while they made a ticket, or
    /// while they removed one.
    ///
    /// A bell without a ticket is nobody's where its number is below one that
    /// the caller had before it listed the folder: numbers are given under the
    /// gate, which is not left before the ticket has its name. A newborn that is
    /// removed before its owner came to lock it is made anew.
    func tidy(_ contents: Contents, below number: UInt64) throws(CoordinatorError) {
        for name in contents.companions {
            guard case .companion(let owner) = LockFolderEntry(name), owner < number else {
                continue
            }
            if !contents.tickets.contains(where: { $0.number == owner }) { remove(name) }
        }
        for name in contents.newborns {
            guard let file = try openTicket(name) else { continue }
            defer { FileCalls.close(file) }
            if try !isFlocked(file) { remove(name) }
        }
    }
}
