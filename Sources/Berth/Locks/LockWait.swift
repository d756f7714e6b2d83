// SPDX-License-Identifier: Apache-2.0

package import BerthStore

/// How long a contender waits for its turn.
package enum LockPatience: Hashable, Sendable {
    /// Not at all: a lock that is taken is an answer.
    case none
    case until(Deadline)
    case unlimited
}

/// A contender's wait for its turn: those whose going may bring it are watched
/// until one goes.
struct LockWait {
    let ticket: Ticket
    let folder: LockFolder
    /// The process for which the lock is taken; nil is this one.
    let target: Holder?
    let deadline: Deadline?
    /// How long the gate is waited for.
    let gateTimeout: Duration
    let cancellation: WakeUp?
    let events: EventReporter
    /// Told before the first wait; it says after what time it is to be told
    /// again, nil is never.
    let onWait: (_ isFirst: Bool) throws(CoordinatorError) -> Duration?
    /// Looks for a cycle of waits that this one is to break; nil where it
    /// cannot be in one.
    let findCycle: ((_ attempt: Int) throws(CoordinatorError) -> CycleSearch)?

    /// What became of a search for a cycle of waits.
    enum CycleSearch: Hashable {
        case none
        /// There is one, which another is to break.
        case waitsForAnother
        /// There is one, which this contender breaks.
        case found(String)
    }

    /// How a wait ended.
    enum Outcome: Hashable {
        case granted
        case timedOut
        case cancelled
        /// The process for which the lock is taken has it already.
        case heldAlready(token: UInt64)
        /// The process for which the lock is taken has it, or waits for it, in
        /// another way.
        case heldOtherwise(Ticket)
        /// The process for which the lock is taken has ended.
        case targetEnded
        /// One that is ahead uses the lock in another way.
        case refused(Ticket)
        /// The wait would never end; these wait for each other.
        case deadlock(String)
    }

    /// How long a contender waits before it looks for a cycle of waits, and
    /// between two looks.
    private static var cycleInterval: Duration { .seconds(1) }

    /// What one look at the line has shown.
    private enum Look: Hashable {
        case over(Outcome)
        case wait([TicketView])
    }

    /// Why a poll came back.
    private enum Wake: Hashable {
        case over(Outcome)
        /// One that is watched has gone, or its bell was rung.
        case watched
        /// The turn may have come.
        case turn
        case elapsed
    }

    /// When something is due besides.
    private struct Timetable {
        var notice: Deadline?
        var cycle: Deadline?
        var cycleAttempts = 0
    }

    /// Waits. Blocks the current thread.
    func run() throws(CoordinatorError) -> Outcome {
        let targetWatch = try watchTarget()
        defer { if let targetWatch { FileCalls.close(targetWatch) } }
        var turnBell: FileDescriptor?
        defer { if let turnBell { FileCalls.close(turnBell) } }
        var timetable = Timetable()
        var line: [Ticket]?
        var last: [TicketView]?
        // How often in a row a wake-up changed nothing.
        var vain = 0
        while true {
            let ahead: [TicketView]
            switch try look(&line) {
            case .over(let outcome): return outcome
            case .wait(let views): ahead = views
            }
            if let deadline, deadline.isPast { return .timedOut }
            if last == nil {
                timetable.notice = try onWait(true).map { Deadline(after: $0) }
                timetable.cycle = findCycle == nil ? nil : Deadline(after: Self.cycleInterval)
                turnBell = try makeTurnBell()
                last = []
                // Whoever entered before there was a turn bell could not ring it.
                if turnBell != nil { continue }
            } else if let outcome = try keep(&timetable) {
                return outcome
            }
            if ahead != last { vain = 0 }
            last = ahead
            switch try wait(for: ahead, vain, targetWatch, turnBell, timetable, &line) {
            case .over(let outcome): return outcome
            case .watched: vain += 1
            case .turn, .elapsed: vain = 0
            }
        }
    }

    private func watchTarget() throws(CoordinatorError) -> FileDescriptor? {
        guard let target else { return nil }
        return try? ProcessTable.watch(target.process)
    }

    /// Does what is due.
    private func keep(_ timetable: inout Timetable) throws(CoordinatorError) -> Outcome? {
        if let notice = timetable.notice, notice.isPast {
            timetable.notice = try onWait(false).map { Deadline(after: $0) }
        }
        if let findCycle, let cycle = timetable.cycle, cycle.isPast {
            timetable.cycleAttempts += 1
            switch try findCycle(timetable.cycleAttempts) {
            case .none: timetable.cycle = nil
            case .waitsForAnother: timetable.cycle = Deadline(after: Self.cycleInterval)
            case .found(let names): return .deadlock(names)
            }
        }
        return nil
    }

    // MARK: Looking

    /// Looks at the line ahead of this contender.
    ///
    /// The folder is listed once, at first: none joins those who are ahead,
    /// because a ticket has its name before the next number is given. From then
    /// on each of them is looked at by its name, until it is over: `line` has
    /// the earlier tickets that are not known to be that, and is nil at first.
    private func look(_ line: inout [Ticket]?) throws(CoordinatorError) -> Look {
        let contents = line == nil ? try folder.contents() : nil
        let earlier = line ?? contents.map { ticket.ahead(in: $0.tickets) } ?? []
        if let target, let look = try ownTicket(of: target, earlier) { return look }
        var live: [TicketView] = []
        var over: [Ticket] = []
        let turn = try ticket.turn(among: earlier) {
            (earlier) throws(CoordinatorError) -> Bool in
            var view = try folder.view(of: earlier)
            // Not taken where it is renewed, or given back, at this moment.
            while view.standing == .ended, try !takeEnded(view) {
                view = try folder.view(of: earlier)
            }
            switch view.standing {
            case .gone, .ended:
                over.append(earlier)
                return false
            case .dead:
                over.append(earlier)
                if !folder.isBeingReleased(earlier) { sweep(view) }
                return false
            case .guarded, .granted:
                live.append(view)
                return true
            }
        }
        line = over.isEmpty ? earlier : earlier.filter { !over.contains($0) }
        switch turn {
        case .enter:
            if let contents { try folder.tidy(contents, below: ticket.number) }
            try ringNext()
            return .over(.granted)
        case .refused(let other):
            return .over(.refused(other))
        case .wait(let tickets):
            return .wait(live.filter { tickets.contains($0.ticket) })
        }
    }

    /// What it means that the process for which the lock is taken has a ticket
    /// already: the same lock, or the wait for the same.
    private func ownTicket(
        of target: Holder, _ tickets: [Ticket]
    ) throws(CoordinatorError) -> Look? {
        for earlier in ticket.ahead(in: tickets).reversed() where earlier.isForProcess {
            let view = try folder.view(of: earlier)
            guard view.standing.isLive, let holder = view.holder, holder.isSameProcess(as: target)
            else { continue }
            if earlier.mode != ticket.mode { return .over(.heldOtherwise(earlier)) }
            if case .granted = view.standing {
                return .over(.heldAlready(token: earlier.number))
            }
            return .wait([view])
        }
        return nil
    }

    private func sweep(_ view: TicketView) {
        let details = events.isHeard ? folder.details(of: view.ticket) : nil
        if folder.sweep(view.ticket) { reportStale(view.ticket, details) }
    }

    /// Takes the place of one whose lease has ended, unless another did;
    /// returns whether the place is free.
    private func takeEnded(_ view: TicketView) throws(CoordinatorError) -> Bool {
        let details = events.isHeard ? folder.details(of: view.ticket) : nil
        do throws(CoordinatorError) {
            let limit = Deadline(after: gateTimeout)
            guard try folder.takeEnded(view.ticket, until: limit) else { return false }
            reportStale(view.ticket, details)
        } catch {
            // Given back, at this moment.
            if error.code != .stale { throw error }
        }
        return true
    }

    private func reportStale(_ ticket: Ticket, _ details: TicketDetails?) {
        events.report(
            .lockStale,
            [.text("lock", folder.name.text), .number("token", ticket.number)]
                + (details.map {
                    [.number("pid", $0.holder.process), .text("command", $0.command)]
                } ?? []))
    }

    // MARK: Turns at slots

    /// The FIFO by which whoever enters before this one tells it; nil without slots.
    private func makeTurnBell() throws(CoordinatorError) -> FileDescriptor? {
        guard case .slots = ticket.mode else { return nil }
        return try folder.calling("cannot wait for") { () throws(SystemError) in
            do throws(SystemError) {
                try FileCalls.makeFifo(ticket.turnName, in: folder.directory)
            } catch let error where error.errno == .exists {
                // Of a number that was never used.
            }
            return try FileCalls.openFifo(ticket.turnName, in: folder.directory, .both)
        }
    }

    /// Tells the next in line for a slot that one has entered: it may be the
    /// first in line now, or enter as well. Listed anew, so that all are there
    /// who looked before this one entered; who looks later sees it for itself.
    private func ringNext() throws(CoordinatorError) {
        guard case .slots = ticket.mode else { return }
        for later in ticket.behind(in: try folder.tickets()) where later.mode == ticket.mode {
            let turn = try? FileCalls.openFifo(later.turnName, in: folder.directory, .writing)
            // Without one it is about to look, or has died, and the one behind hears that.
            guard let turn else { continue }
            FileCalls.ring(turn)
            FileCalls.close(turn)
            return
        }
    }

    // MARK: One wait

    /// Waits until something may have changed.
    ///
    /// A bell that woke us in vain was rung by a hand that did not let go, or
    /// its owner is just ending: the next look at it comes after a pause, which
    /// grows. The same holds where there is no bell.
    ///
    /// `line` is emptied where it is seen that all who are ahead are over.
    private func wait(
        for ahead: [TicketView], _ vain: Int, _ targetWatch: FileDescriptor?,
        _ turnBell: FileDescriptor?, _ timetable: Timetable, _ line: inout [Ticket]?
    ) throws(CoordinatorError) -> Wake {
        var own = OwnFiles(cancellation: cancellation?.reading, target: targetWatch)
        if vain > 0 {
            let wake = try poll(own, [], until: sooner(Self.pause(vain), timetable))
            if wake != .elapsed { return wake }
        }
        own.turn = turnBell
        let watch = LockWatch(ahead, folder)
        // The watch was opened before this look: whatever happens after it is heard.
        for view in ahead where try folder.standing(of: view.ticket) != view.standing {
            return .elapsed
        }
        var limit = sooner(watch.isComplete ? nil : Self.pause(vain), timetable)
        let now = Clock.boot
        for view in ahead {
            guard let lease = view.lease else { continue }
            limit = Deadline.sooner(limit, Deadline(after: lease.nextLook(at: now)))
        }
        let wake = try poll(own, watch.files, until: limit)
        if wake == .watched, watch.isGivenBack() { line = [] }
        return wake == .elapsed && !watch.isComplete ? .watched : wake
    }

    /// What is polled besides the watched.
    private struct OwnFiles {
        var cancellation: FileDescriptor?
        var target: FileDescriptor?
        var turn: FileDescriptor?
    }

    private func poll(
        _ own: OwnFiles, _ watched: [FileDescriptor], until limit: Deadline?
    ) throws(CoordinatorError) -> Wake {
        var files: [FileDescriptor] = []
        if let file = own.cancellation { files.append(file) }
        if let file = own.target { files.append(file) }
        if let file = own.turn { files.append(file) }
        let ready = try folder.calling("cannot wait for") { () throws(SystemError) in
            try Poll.wait(files + watched, until: limit)
        }
        guard let ready else { return .elapsed }
        guard ready < files.count else { return .watched }
        switch files[ready] {
        case own.cancellation: return .over(.cancelled)
        case own.target: return .over(.targetEnded)
        default:
            if let turn = own.turn { FileCalls.drain(turn) }
            return .turn
        }
    }

    private func sooner(_ pause: Deadline?, _ timetable: Timetable) -> Deadline? {
        let limit = Deadline.sooner(Deadline.sooner(deadline, pause), timetable.notice)
        return Deadline.sooner(limit, timetable.cycle)
    }

    /// From 1 to 256 milliseconds.
    private static func pause(_ vain: Int) -> Deadline {
        Deadline(after: .milliseconds(1 << min(vain, 8)))
    }
}
