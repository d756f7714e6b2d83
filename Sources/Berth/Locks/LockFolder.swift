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

    /// Makes a system call fail as a failure of this lock.
    func calling<Result>(
        _ action: StaticString, _ body: () throws(SystemError) -> Result
    ) throws(CoordinatorError) -> Result {
        do throws(SystemError) {
            return try body()
        } catch {
            throw .system(
                action.description + " the lock '" + name.text + "' in " + path, error)
        }
    }

    // MARK: Tickets

    func entries() throws(CoordinatorError) -> [LockFolderEntry] {
        try names().map { LockFolderEntry($0) }
    }

    func names() throws(CoordinatorError) -> [String] {
        try calling("cannot list") { () throws(SystemError) in
            try FileCalls.entries(of: directory)
        }
    }

    /// All tickets, in no order. One that is in the folder from before the call
    /// to after it is among them: a ticket never changes its name.
    func tickets() throws(CoordinatorError) -> [Ticket] {
        var tickets: [Ticket] = []
        for name in try names() {
            if case .ticket(let ticket) = LockFolderEntry(name) { tickets.append(ticket) }
        }
        return tickets
    }

    /// Whether a ticket's place in the line is still taken, and by what.
    ///
    /// A shared lock is asked for and given back at once: no two who ask
    /// disturb each other, and no owner asks twice.
    func standing(of ticket: Ticket) throws(CoordinatorError) -> TicketStanding {
        guard let file = try openTicket(ticket.fileName) else { return .gone }
        defer { FileCalls.close(file) }
        if try isFlocked(file) { return .guarded }
        guard ticket.isForProcess else { return .dead }
        // Read after the flock was found free: whoever set the mark is through.
        let content = try content(of: file)
        return try calling("cannot look into") { () throws(SystemError) in
            try ProcessGrant.standing(content)
        }
    }

    /// Opens a file that ought to be a ticket; nil where it is gone.
    private func openTicket(_ name: String) throws(CoordinatorError) -> FileDescriptor? {
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

    private func isFlocked(_ file: FileDescriptor) throws(CoordinatorError) -> Bool {
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

    // MARK: Sweeping

    /// Removes what a dead ticket has left. The ticket goes last: a crash
    /// before that leaves a dead ticket, which the next contender removes.
    func sweep(_ ticket: Ticket) {
        remove(ticket.detailsName)
        remove(ticket.bellName)
        remove(ticket.fileName)
    }

    /// Removes a file, wherever it has not been removed by another already.
    func remove(_ name: String) {
        try? FileCalls.unlink(name, in: directory)
    }

    /// Removes what processes have left that died while they made a ticket.
    /// Only the gate's holder may: nobody gets a number meanwhile, so a bell
    /// without a ticket is nobody's. A newborn that is removed before its owner
    /// came to lock it is made anew.
    func tidy() throws(CoordinatorError) {
        let names = try names()
        var numbers: [UInt64] = []
        for name in names {
            if case .ticket(let ticket) = LockFolderEntry(name) { numbers.append(ticket.number) }
        }
        for name in names {
            switch LockFolderEntry(name) {
            case .newborn:
                guard let file = try openTicket(name) else { continue }
                defer { FileCalls.close(file) }
                if try !isFlocked(file) { remove(name) }
            case .companion(let number):
                if !numbers.contains(number) { remove(name) }
            case .ticket, .other:
                continue
            }
        }
    }
}

/// Whether a ticket's place in the line is taken.
enum TicketStanding: Hashable, Sendable {
    /// It was given back.
    case gone
    /// Its owner has died.
    case dead
    /// Its owner holds its `flock`: it waits, or holds the lock.
    case guarded
    /// It was granted on behalf of a process, which lives or may live; nil
    /// where it cannot be read which.
    case granted(Holder?)

    var isLive: Bool {
        switch self {
        case .gone, .dead: false
        case .guarded, .granted: true
        }
    }
}
