// SPDX-License-Identifier: Apache-2.0

package import BerthStore
import Synchronization

/// A ticket of this process, from its birth to its release: in line at first,
/// then the lock itself. Letting go of the last reference releases it.
package final class HeldTicket: Sendable {
    package let ticket: Ticket
    let folder: LockFolder
    /// The ticket's file, which carries the `flock`.
    package let file: FileDescriptor
    /// The bell, open at both ends: who watches it sees it hang up when the
    /// last process that has it dies.
    package let bell: FileDescriptor
    private let details: TicketDetails.Writer
    private let owner = CurrentProcess.identifier
    private let isReleased = Atomic(false)

    /// The fencing token of the grant.
    package var token: UInt64 { ticket.number }
    package var name: LockName { folder.name }

    init(
        _ ticket: Ticket, _ folder: LockFolder, file: FileDescriptor, bell: FileDescriptor,
        _ details: TicketDetails.Writer
    ) {
        self.ticket = ticket
        self.folder = folder
        self.file = file
        self.bell = bell
        self.details = details
    }

    deinit {
        release()
    }

    /// Writes down who waits, or holds the lock, as well as the disk allows.
    package func describe(granted: Bool, command process: Int32? = nil) {
        details.write(of: ticket, in: folder, granted: granted, command: process)
    }

    /// Leaves the line, or gives the lock back. Does nothing the second time.
    ///
    /// A crash after the unlocking leaves a dead ticket, which the next
    /// contender removes; its watchers wake because the bell hangs up. In a
    /// process that was forked off, only the copies of the descriptors are
    /// closed: the lock is not its own.
    package func release() {
        if isReleased.exchange(true, ordering: .acquiringAndReleasing) { return }
        if CurrentProcess.identifier == owner {
            // Unlocked, not only closed: whoever inherited the descriptor
            // would keep it locked.
            try? FileCalls.unlock(file)
            FileCalls.ring(bell)
            folder.sweep(ticket)
        }
        closeFiles()
    }

    /// Hands the granted ticket over to the process for which it was taken.
    ///
    /// The mark is set while the `flock` stands, so nobody can take the ticket
    /// for dead; a crash before it leaves a dead ticket, one after it a lock
    /// that its process holds. Closing the bell wakes the watchers, who then
    /// watch the process.
    func handOver() throws(CoordinatorError) {
        try folder.calling("cannot take") { () throws(SystemError) in
            try FileCalls.writeAll(file, [ProcessGrant.mark], at: ProcessGrant.markOffset)
        }
        if isReleased.exchange(true, ordering: .acquiringAndReleasing) { return }
        closeFiles()
    }

    private func closeFiles() {
        FileCalls.close(file)
        FileCalls.close(bell)
    }
}
