// SPDX-License-Identifier: Apache-2.0

package import BerthStore

/// How long a contender waits for its turn.
package enum LockPatience: Hashable, Sendable {
    /// Not at all: a lock that is taken is an answer.
    case none
    case until(Deadline)
    case unlimited
}

/// A contender's wait for its turn: the nearest living ticket that excludes it
/// is watched until it goes.
struct LockWait {
    let ticket: Ticket
    let folder: LockFolder
    /// The process for which the lock is taken; nil is this one.
    let target: Holder?
    let deadline: Deadline?
    let cancellation: WakeUp?
    /// Told once, before the first wait.
    let onWait: () throws(CoordinatorError) -> Void

    /// How a wait ended.
    enum Outcome: Hashable {
        case granted
        case timedOut
        case cancelled
        /// The process for which the lock is taken has it already.
        case heldAlready(token: UInt64)
        /// The process for which the lock is taken has ended.
        case targetEnded
    }

    /// A ticket ahead, and how it stood when it was looked at.
    private struct Ahead: Hashable {
        let ticket: Ticket
        let standing: TicketStanding
    }

    /// Waits. Blocks the current thread.
    func run() throws(CoordinatorError) -> Outcome {
        let targetWatch = try watchTarget()
        defer { if let targetWatch { FileCalls.close(targetWatch) } }
        var last: Ahead?
        // How often in a row a wake-up changed nothing.
        var vain = 0
        while true {
            guard let ahead = try nearestAhead() else { return .granted }
            if let token = heldAlready(ahead) { return .heldAlready(token: token) }
            if let deadline, deadline.isPast { return .timedOut }
            if last == nil { try onWait() }
            vain = ahead == last ? vain + 1 : 0
            last = ahead
            if let outcome = try wait(for: ahead, vain: vain, targetWatch) { return outcome }
        }
    }

    /// The nearest living ticket ahead; the dead ones on the way are removed.
    private func nearestAhead() throws(CoordinatorError) -> Ahead? {
        for earlier in ticket.conflicting(among: try folder.tickets()) {
            let standing = try folder.standing(of: earlier)
            switch standing {
            case .gone: continue
            case .dead: folder.sweep(earlier)
            case .guarded, .granted: return Ahead(ticket: earlier, standing: standing)
            }
        }
        return nil
    }

    private func heldAlready(_ ahead: Ahead) -> UInt64? {
        guard let target, case .granted(let holder?) = ahead.standing,
            holder.isSameProcess(as: target)
        else {
            return nil
        }
        return ahead.ticket.number
    }

    private func watchTarget() throws(CoordinatorError) -> FileDescriptor? {
        guard let target else { return nil }
        return try? ProcessTable.watch(target.process)
    }

    // MARK: One wait

    /// Waits until something may have changed; an outcome ends the whole wait.
    ///
    /// A bell that woke us in vain was rung by a hand that did not let go, or
    /// its owner is just ending: the next look at it comes after a pause, which
    /// grows. The same holds where there is no bell.
    private func wait(
        for ahead: Ahead, vain: Int, _ targetWatch: FileDescriptor?
    ) throws(CoordinatorError) -> Outcome? {
        if vain > 0 {
            let outcome = try poll([], targetWatch, pause: Self.pause(vain))
            if let outcome { return outcome }
        }
        let watch = LockWatch(ahead.ticket, ahead.standing, folder)
        // The watch was opened before this look: whatever happens after it is heard.
        if try folder.standing(of: ahead.ticket) != ahead.standing { return nil }
        return try poll(
            watch.files, targetWatch, pause: watch.isComplete ? nil : Self.pause(vain))
    }

    /// Polls a watch, the cancellation and the target until the deadline or
    /// the end of a pause.
    private func poll(
        _ watched: [FileDescriptor], _ targetWatch: FileDescriptor?, pause: Deadline?
    ) throws(CoordinatorError) -> Outcome? {
        var files: [FileDescriptor] = []
        if let cancellation { files.append(cancellation.reading) }
        if let targetWatch { files.append(targetWatch) }
        let limit = pause.map { sooner($0) } ?? deadline
        let ready = try folder.calling("cannot wait for") { () throws(SystemError) in
            try Poll.wait(files + watched, until: limit)
        }
        for (index, file) in files.enumerated() where ready & (1 << UInt32(index)) != 0 {
            return file == targetWatch ? .targetEnded : .cancelled
        }
        guard ready == 0, let deadline, deadline.isPast else { return nil }
        return try nearestAhead() == nil ? .granted : .timedOut
    }

    private func sooner(_ pause: Deadline) -> Deadline {
        guard let deadline, deadline.nanoseconds < pause.nanoseconds else { return pause }
        return deadline
    }

    /// From 1 to 256 milliseconds.
    private static func pause(_ vain: Int) -> Deadline {
        Deadline(after: .milliseconds(1 << min(vain, 8)))
    }
}

/// The descriptors that say when a ticket may have gone.
struct LockWatch: ~Copyable {
    private(set) var files: [FileDescriptor] = []
    /// Whether everything that may happen to it wakes us.
    let isComplete: Bool

    init(_ ticket: Ticket, _ standing: TicketStanding, _ folder: LockFolder) {
        let bell = try? FileCalls.openFifo(ticket.bellName, in: folder.directory, .reading)
        if let bell { files.append(bell) }
        switch standing {
        case .guarded:
            // A reader that came after the last writer had gone would never
            // hear it hang up. One more writer, come and gone, mends that.
            let writer = try? FileCalls.openFifo(ticket.bellName, in: folder.directory, .writing)
            if let writer { FileCalls.close(writer) }
            isComplete = bell != nil && writer != nil
        case .granted(let holder):
            // Nobody keeps the bell open: the process itself is watched, and
            // the bell for whoever releases the ticket on its behalf.
            let process = holder.flatMap { try? ProcessTable.watch($0.process) }
            if let process { files.append(process) }
            isComplete = bell != nil && process != nil
        case .gone, .dead:
            isComplete = true
        }
    }

    deinit {
        for file in files { FileCalls.close(file) }
    }
}
