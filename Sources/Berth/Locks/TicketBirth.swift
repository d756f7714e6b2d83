// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension LockFolder {
    /// Takes the next place in the line. Blocks the current thread while others
    /// do the same.
    ///
    /// The ticket is made and locked under a name that is no ticket's, and gets
    /// its number and its bell under the gate: so no ticket is ever seen
    /// without the `flock` of its living owner, and none without its bell.
    ///
    /// A crash leaves an unlocked newborn, which ``tidy()`` removes, and
    /// perhaps a bell without a ticket, which it removes too.
    /// A ticket for a process, and a lease, have a content: ``TicketContent``.
    func takeTicket(
        _ kind: Ticket, content: [UInt8]?, _ details: TicketDetails.Writer,
        _ events: EventReporter, until deadline: Deadline
    ) throws(CoordinatorError) -> HeldTicket {
        for _ in 0..<100 {
            let newborn = try makeNewborn(content)
            do throws(CoordinatorError) {
                if let (ticket, bell) = try number(newborn, kind, until: deadline) {
                    return HeldTicket(ticket, self, file: newborn.file, bell: bell, details, events)
                }
                FileCalls.close(newborn.file)
            } catch {
                remove(newborn.name)
                FileCalls.close(newborn.file)
                throw error
            }
        }
        throw CoordinatorError(
            .moved,
            "the lock '" + name.text + "' in " + path + " is being removed by somebody; try again")
    }

    private struct Newborn {
        let name: String
        let file: FileDescriptor
    }

    /// A locked file that is no ticket yet.
    private func makeNewborn(_ content: [UInt8]?) throws(CoordinatorError) -> Newborn {
        while true {
            let newborn = try calling("cannot take") { () throws(SystemError) in
                try makeFile()
            }
            do throws(CoordinatorError) {
                let isLocked = try calling("cannot take") { () throws(SystemError) in
                    if let content { try FileCalls.writeAll(newborn.file, content, at: 0) }
                    return try FileCalls.lock(newborn.file, .exclusive, waiting: false)
                }
                if isLocked { return newborn }
                // Somebody who tidies up looks at it: it may be removed.
                remove(newborn.name)
                FileCalls.close(newborn.file)
            } catch {
                remove(newborn.name)
                FileCalls.close(newborn.file)
                throw error
            }
        }
    }

    private func makeFile() throws(SystemError) -> Newborn {
        var generator = SystemRandomNumberGenerator()
        while true {
            var bytes: [UInt8] = []
            bytes.append(hexadecimal: generator.next())
            let name = String(decoding: bytes, as: UTF8.self) + ".new"
            do {
                let file = try FileCalls.open(name, in: directory, .creatingNew)
                return Newborn(name: name, file: file)
            } catch let error where error.errno == .exists {
                continue
            }
        }
    }

    /// Gives a newborn its number; nil where it was removed before it was locked.
    private func number(
        _ newborn: Newborn, _ kind: Ticket, until deadline: Deadline
    ) throws(CoordinatorError) -> (ticket: Ticket, bell: FileDescriptor)? {
        var gate = try Gate.enter(self, until: deadline)
        var ticket = kind.numbered(try gate.takeNumber())
        // Of any kind: each has a bell.
        var isKnown = try exists(ticket.bellName)
        if try exists(ticket.fileName) { isKnown = true }
        if isKnown {
            try gate.skipKnownNumbers()
            ticket = kind.numbered(try gate.takeNumber())
        }
        let bell = try makeBell(ticket)
        do throws(SystemError) {
            try withRoom { () throws(SystemError) in
                try FileCalls.rename(newborn.name, to: ticket.fileName, in: directory)
            }
        } catch {
            remove(ticket.bellName)
            FileCalls.close(bell)
            if error.errno == .noEntry { return nil }
            throw .system("cannot take the lock '" + name.text + "' in " + path, error)
        }
        let isFirst = gate.isNew
        gate.leave()
        if isFirst { fillReserve() }
        return (ticket, bell)
    }

    private func makeBell(_ ticket: Ticket) throws(CoordinatorError) -> FileDescriptor {
        try calling("cannot take") { () throws(SystemError) in
            do throws(SystemError) {
                try FileCalls.makeFifo(ticket.bellName, in: directory)
            } catch let error where error.errno == .exists {
                // Of a number that was never used.
                try FileCalls.unlink(ticket.bellName, in: directory)
                try FileCalls.makeFifo(ticket.bellName, in: directory)
            }
            do throws(SystemError) {
                return try FileCalls.openFifo(ticket.bellName, in: directory, .both)
            } catch {
                remove(ticket.bellName)
                throw error
            }
        }
    }

    private func exists(_ name: String) throws(CoordinatorError) -> Bool {
        try calling("cannot look into") { () throws(SystemError) in
            do throws(SystemError) {
                _ = try FileCalls.status(ofName: name, in: directory)
                return true
            } catch let error where error.errno == .noEntry {
                return false
            }
        }
    }
}
