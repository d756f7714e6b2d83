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
    private let events: EventReporter
    /// When the lock was granted, on the monotonic clock; 0 in line.
    private let granted = Atomic<UInt64>(0)
    /// When the lease ends, on the clock of leases; `max` where there is none.
    private let leaseEnd = Atomic(UInt64.max)

    /// The fencing token of the grant.
    package var token: UInt64 { ticket.number }
    package var name: LockName { folder.name }

    init(
        _ ticket: Ticket, _ folder: LockFolder, file: FileDescriptor, bell: FileDescriptor,
        _ details: TicketDetails.Writer, _ events: EventReporter
    ) {
        self.ticket = ticket
        self.folder = folder
        self.file = file
        self.bell = bell
        self.details = details
        self.events = events
    }

    deinit {
        release()
    }

    /// Writes down who waits, or holds the lock, as well as the disk allows.
    package func describe(granted: Bool, command process: Int32? = nil) {
        details.write(of: ticket, in: folder, granted: granted, command: process)
    }

    // MARK: Granted

    /// Notes that the ticket has become the lock. Its lease begins.
    func begin(waited: UInt64) throws(CoordinatorError) {
        try renew()
        // Without it those behind have more to look at, and nothing else.
        if ticket.mode == .exclusive, let status = try? FileCalls.status(of: file) {
            try? FileCalls.setPermissions(of: file, to: status.permissions | Ticket.grantMark)
        }
        granted.store(Clock.monotonic, ordering: .relaxed)
        events.report(
            .lockAcquired,
            [
                .text("lock", name.text), .number("token", token),
                .text("mode", ticket.mode.word), .duration("waited", .nanoseconds(Int64(waited))),
            ])
    }

    /// When the lease ends, in nanoseconds of ``Clock/boot``; nil without one.
    ///
    /// Another may have renewed it by the token: once the end that is known
    /// here has passed, the ticket says.
    var end: UInt64? {
        let end = leaseEnd.load(ordering: .acquiring)
        if end == .max { return nil }
        guard end <= Clock.boot, let written = TicketContent.end(in: file), written > end else {
            return end
        }
        leaseEnd.store(written, ordering: .releasing)
        return written
    }

    /// Makes the lease end its length from now; without one it only makes sure
    /// that the lock is held.
    ///
    /// - Throws: `stale` where it has been lost.
    package func renew() throws(CoordinatorError) {
        if !ticket.isLease && granted.load(ordering: .relaxed) == 0 { return }
        try check()
        let deadline = Deadline(after: LockService.defaultGateTimeout)
        if let lease = try folder.renew(ticket, until: deadline), let end = lease.end {
            leaseEnd.store(end, ordering: .releasing)
        }
    }

    /// Whether the lock is still this process's: its lease has not ended, and
    /// nobody has broken it.
    package var isHeld: Bool {
        if isReleased.load(ordering: .acquiring) { return false }
        if let end, end <= Clock.boot { return false }
        // Who takes a ticket away takes its name.
        guard let status = try? FileCalls.status(of: file) else { return true }
        return status.links > 0
    }

    /// - Throws: `stale` where the lock has been lost.
    package func check() throws(CoordinatorError) {
        guard !isHeld else { return }
        throw loss
    }

    /// What is said where the lock has been lost.
    package var loss: CoordinatorError {
        let reason =
            end.map { $0 <= Clock.boot } == true
            ? "the lease of the lock '" + name.text + "' has ended"
            : "the lock '" + name.text + "' has been taken away"
        return CoordinatorError(
            .stale,
            reason + " (token " + String(token) + "); what is done since then is not under the "
                + "lock")
    }

    // MARK: Ending

    /// Leaves the line, or gives the lock back. Does nothing the second time.
    ///
    /// A crash after the unlocking leaves a dead ticket, which the next
    /// contender removes; its watchers wake because the bell hangs up. In a
    /// process that was forked off, only the copies of the descriptors are
    /// closed: the lock is not its own.
    ///
    /// - Returns: Whether the lock was held up to now.
    @discardableResult
    package func release() -> Bool {
        let wasHeld = isHeld
        if isReleased.exchange(true, ordering: .acquiringAndReleasing) { return wasHeld }
        if CurrentProcess.identifier == owner {
            // Unlocked, not only closed: whoever inherited the descriptor
            // would keep it locked.
            try? FileCalls.unlock(file)
            FileCalls.ring(bell)
            folder.sweep(ticket)
        }
        closeFiles()
        let since = granted.load(ordering: .relaxed)
        if since > 0 {
            events.report(
                .lockReleased,
                [
                    .text("lock", name.text), .number("token", token),
                    .duration("held", .nanoseconds(Int64(Clock.monotonic - since))),
                ])
        }
        return wasHeld
    }

    /// Hands the granted ticket over to the process for which it was taken.
    ///
    /// The mark is set while the `flock` stands, so nobody can take the ticket
    /// for dead; a crash before it leaves a dead ticket, one after it a lock
    /// that its process holds. Closing the bell wakes the watchers, who then
    /// watch the process.
    func handOver() throws(CoordinatorError) {
        try folder.calling("cannot take") { () throws(SystemError) in
            try FileCalls.writeAll(file, [TicketContent.mark], at: TicketContent.markOffset)
        }
        if isReleased.exchange(true, ordering: .acquiringAndReleasing) { return }
        closeFiles()
    }

    private func closeFiles() {
        FileCalls.close(file)
        FileCalls.close(bell)
    }
}
