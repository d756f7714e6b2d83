// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The descriptors that say when one of some tickets may have gone.
struct LockWatch: ~Copyable {
    private(set) var files: [FileDescriptor] = []
    /// Whether everything that may happen to them wakes us.
    private(set) var isComplete = true
    /// The ticket that is watched, kept open, and its bell: where it is one
    /// alone, and excludes all others.
    private var only: (ticket: FileDescriptor, bell: FileDescriptor)?

    init(_ views: [TicketView], _ folder: LockFolder) {
        for view in views { add(view, folder) }
        if views.count == 1, views[0].ticket.mode == .exclusive, views[0].standing == .guarded,
            let bell = files.first, isComplete,
            let ticket = try? folder.openTicket(views[0].ticket.fileName)
        {
            only = (ticket, bell)
        }
    }

    /// Of nothing yet.
    init() {}

    deinit {
        for file in files { FileCalls.close(file) }
        if let only { FileCalls.close(only.ticket) }
    }

    /// Whether the one that is watched had the lock, and has given it back, or
    /// lost it to somebody's hand: then it was the first in line. Of one that
    /// has died it is not told.
    func isGivenBack() -> Bool {
        guard let only, Poll.isRung(only.bell), let status = try? FileCalls.status(of: only.ticket),
            Ticket.isGranted(status)
        else { return false }
        if status.links == 0 { return true }
        return (try? FileCalls.lock(only.ticket, .shared, waiting: false)) == true
    }

    mutating func add(_ view: TicketView, _ folder: LockFolder) {
        let name = view.ticket.bellName
        let bell = try? FileCalls.openFifo(name, in: folder.directory, .reading)
        if let bell { files.append(bell) }
        switch view.standing {
        case .guarded:
            // A reader that came after the last writer had gone would never
            // hear it hang up. One more writer, come and gone, mends that.
            let writer = try? FileCalls.openFifo(name, in: folder.directory, .writing)
            if let writer { FileCalls.close(writer) }
            if bell == nil || writer == nil { isComplete = false }
        case .granted(let holder):
            // Nobody keeps the bell open: the process itself is watched, and
            // the bell for whoever releases the ticket on its behalf.
            if bell == nil { isComplete = false }
            add(holder?.process)
        case .gone, .dead, .ended:
            break
        }
    }

    /// Watches a process; nil is one that is not known.
    mutating func add(_ process: Int32?) {
        if let file = process.flatMap({ try? ProcessTable.watch($0) }) {
            files.append(file)
        } else {
            isComplete = false
        }
    }
}
