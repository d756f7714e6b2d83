// SPDX-License-Identifier: Apache-2.0

package import BerthStore

/// The named locks of a store. Each call opens what it needs by its path, so
/// that a store that was moved or replaced is never mixed with the one before.
package struct LockService: Sendable {
    /// The store's directory.
    package let path: String
    /// How long the gate of a lock is waited for.
    package var gateTimeout = defaultGateTimeout
    /// Who hears of what happens.
    package let events: EventReporter

    /// Nobody stays in a gate for longer than a flush takes who is not stopped there.
    static var defaultGateTimeout: Duration { .seconds(5) }
    /// How long one waits for the gate who would not wait for the lock.
    private static var hastyGateTimeout: Duration { .milliseconds(250) }

    package init(path: String, events: EventReporter = EventReporter()) {
        self.path = path
        self.events = events
    }

    /// What is asked for, and by whom.
    package struct Request {
        package let name: LockName
        package var mode = Ticket.Mode.exclusive
        /// How long the grant lasts, see ``LeaseTerm``; nil until it is given back.
        package var lease: UInt64?
        package var patience = LockPatience.unlimited
        /// Who asks, for people to read.
        package var command = ""
        /// The locks that the caller is under, see ``HeldLocks``.
        package var under = ""
        package var cancellation: Cancellation?
        /// Told whom the caller waits for, if it has to wait; it says after what
        /// time it is to be told again, nil is never.
        package var onWait: ((LockObstacle) -> Duration?)?
        /// Told who has the lock, if the caller would have to wait and does not.
        package var onBusy: ((LockObstacle) -> Void)?

        package init(_ name: LockName) {
            self.name = name
        }

        /// The ticket as it will be, without its number.
        fileprivate func kind(isForProcess: Bool) -> Ticket {
            Ticket(number: 0, mode: mode, isForProcess: isForProcess, isLease: lease != nil)
        }
    }

    // MARK: Acquiring

    /// Waits for the turn of the caller. Blocks the current thread.
    ///
    /// - Returns: The lock; nil where another holds it and the request has no patience.
    /// - Throws: `timedOut`, `cancelled`; `busy` where the request has no
    ///   patience and a process is stopped in the gate; `deadlock` where an ancestor holds the
    ///   lock, or the wait would never end; `invalid` where it is used in
    ///   another way.
    package func acquire(_ request: Request) throws(CoordinatorError) -> HeldTicket? {
        let folder = try open(request.name)
        if request.patience != .none,
            let outer = try HeldLocks.ticket(of: folder, in: request.under)
        {
            throw folder.heldByAncestor(outer)
        }
        if request.patience == .none, try isTaken(folder, request) { return nil }
        let (held, outcome) = try wait(in: folder, for: nil, request)
        switch outcome {
        case .granted: return held
        case .timedOut where request.patience == .none:
            reportBusy(folder, request)
            return nil
        default: throw try failure(outcome, folder, request)
        }
    }

    /// The grant of a lock that the caller is under already, by an ancestor;
    /// nil where there is none.
    ///
    /// - Throws: `deadlock` where it is held in a way that covers less.
    package func outerGrant(
        _ request: Request
    ) throws(CoordinatorError) -> OuterGrant? {
        guard !request.under.isEmpty else { return nil }
        let folder = try open(request.name)
        guard let outer = try HeldLocks.ticket(of: folder, in: request.under) else { return nil }
        guard outer.mode == request.mode || outer.mode == .exclusive else {
            throw folder.heldByAncestor(outer)
        }
        return OuterGrant(ticket: outer, folder: folder)
    }

    /// Takes a lock for another process, which holds it until it ends or the
    /// lock is released by its token. Blocks the current thread.
    ///
    /// - Returns: The token, the same one where the process holds the lock
    ///   already; nil where another does and the request has no patience.
    /// - Throws: `notFound` where there is no such process.
    package func acquire(
        _ request: Request, forProcess process: Int32
    ) throws(CoordinatorError) -> UInt64? {
        let target = try Self.living(process)
        let folder = try open(request.name)
        for ticket in try folder.tickets() where ticket.isForProcess {
            if case .granted(let holder?) = try folder.standing(of: ticket),
                holder.isSameProcess(as: target)
            {
                if ticket.mode != request.mode { throw folder.heldOtherwise(ticket, process) }
                return ticket.number
            }
        }
        if request.patience == .none, try isTaken(folder, request) { return nil }
        var request = request
        if request.command.isEmpty { request.command = ProcessTable.command(of: process) }
        let (held, outcome) = try wait(in: folder, for: target, request)
        switch outcome {
        case .granted:
            held.describe(granted: true)
            try held.handOver()
            return held.token
        case .heldAlready(let token): return token
        case .heldOtherwise(let ticket): throw folder.heldOtherwise(ticket, process)
        case .timedOut where request.patience == .none:
            reportBusy(folder, request)
            return nil
        case .targetEnded: throw Self.noProcess(process)
        default: throw try failure(outcome, folder, request)
        }
    }

    private static func living(_ process: Int32) throws(CoordinatorError) -> Holder {
        do throws(SystemError) {
            if let holder = try Holder.living(process) { return holder }
        } catch {
            throw .system("cannot look at process " + String(process), error)
        }
        throw noProcess(process)
    }

    /// Takes a ticket and waits for its turn. Whatever the outcome but
    /// `granted`, the ticket leaves the line before this returns.
    private func wait(
        in folder: LockFolder, for target: Holder?, _ request: Request
    ) throws(CoordinatorError) -> (HeldTicket, LockWait.Outcome) {
        let start = Clock.monotonic
        let wakeUp = try folder.calling("cannot wait for") { () throws(SystemError) in
            request.cancellation == nil ? nil : try WakeUp()
        }
        if let wakeUp { request.cancellation?.onCancel { wakeUp.wake() } }
        defer { request.cancellation?.onCancel(nil) }
        let deadline: Deadline? =
            switch request.patience {
            case .none: Deadline(after: .zero)
            case .until(let deadline): deadline
            case .unlimited: nil
            }
        let held = try takeTicket(in: folder, for: target, request)
        let wait = LockWait(
            ticket: held.ticket, folder: folder, target: target, deadline: deadline,
            gateTimeout: gateTimeout(request.patience), cancellation: wakeUp, events: events,
            onWait: { (isFirst) throws(CoordinatorError) in
                if isFirst { held.describe(granted: false) }
                return try tell(request, held.ticket, folder, isFirst: isFirst)
            },
            findCycle: cycleSearch(held.ticket, folder, request))
        let outcome = try wait.run()
        if outcome == .granted {
            try held.begin(waited: Clock.monotonic - start)
        } else {
            held.release()
        }
        return (held, outcome)
    }

    /// - Throws: `busy` where the request has no patience, and somebody is
    ///   stopped in the gate: whether the lock is free cannot be told.
    private func takeTicket(
        in folder: LockFolder, for target: Holder?, _ request: Request
    ) throws(CoordinatorError) -> HeldTicket {
        do throws(CoordinatorError) {
            return try folder.takeTicket(
                request.kind(isForProcess: target != nil),
                content: try content(target, request, folder),
                TicketDetails.Writer(
                    target: target, command: request.command, under: request.under),
                events, until: gateDeadline(request.patience))
        } catch {
            guard request.patience == .none, error.code == .timedOut else { throw error }
            throw CoordinatorError(.busy, error.message)
        }
    }

    /// What a ticket has to say besides its name.
    private func content(
        _ target: Holder?, _ request: Request, _ folder: LockFolder
    ) throws(CoordinatorError) -> [UInt8]? {
        if let target { return TicketContent.bytes(target, leaseOf: request.lease) }
        guard let length = request.lease else { return nil }
        let holder = try folder.calling("cannot take") { () throws(SystemError) in
            try Holder.current()
        }
        return TicketContent.bytes(holder, leaseOf: length)
    }

    private func tell(
        _ request: Request, _ ticket: Ticket, _ folder: LockFolder, isFirst: Bool
    ) throws(CoordinatorError) -> Duration? {
        guard request.onWait != nil || (isFirst && events.isHeard) else { return nil }
        guard let obstacle = try LockObstacle(aheadOf: ticket, in: folder) else {
            // The turn has come meanwhile, or does at this moment.
            return .seconds(1)
        }
        if isFirst { report(obstacle, request.mode, waits: true) }
        return request.onWait?(obstacle)
    }

    private func gateTimeout(_ patience: LockPatience) -> Duration {
        patience == .none ? min(gateTimeout, Self.hastyGateTimeout) : gateTimeout
    }

    private func gateDeadline(_ patience: LockPatience) -> Deadline {
        let deadline = Deadline(after: gateTimeout(patience))
        guard case .until(let other) = patience, other.nanoseconds < deadline.nanoseconds else {
            return deadline
        }
        return other
    }

    /// Whether one who comes now would have to wait: asked before there is a
    /// ticket, which others would see.
    private func isTaken(
        _ folder: LockFolder, _ request: Request
    ) throws(CoordinatorError) -> Bool {
        let last = request.kind(isForProcess: false).numbered(.max)
        let turn = try last.turn(among: try folder.tickets()) {
            (earlier) throws(CoordinatorError) -> Bool in
            try folder.standing(of: earlier).isLive
        }
        switch turn {
        case .enter: return false
        case .refused(let other): throw try folder.contradiction(request.mode, other)
        case .wait:
            reportBusy(folder, request)
            return true
        }
    }

    /// Takes a ticket that excludes none of its kind, and so waits for nobody:
    /// the sign that this process, or whoever inherits it, lives.
    ///
    /// It removes the signs of those who have died. No record that names one
    /// brings it back: a number is given once.
    func takeSign(_ name: LockName, command: String) throws(CoordinatorError) -> HeldTicket {
        let folder = try open(name)
        for ticket in try folder.tickets() where try folder.standing(of: ticket) == .dead {
            folder.sweep(ticket)
        }
        return try folder.takeTicket(
            .sign(0), content: nil, TicketDetails.Writer(target: nil, command: command, under: ""),
            events, until: gateDeadline(.unlimited))
    }

    /// Whether anybody holds a lock, or stands in line for it.
    func isTaken(_ name: LockName) throws(CoordinatorError) -> Bool {
        guard let folder = try LockFolder.open(name, in: path, creating: false) else {
            return false
        }
        for ticket in try folder.tickets() where try folder.standing(of: ticket).isLive {
            return true
        }
        return false
    }

    func open(_ name: LockName) throws(CoordinatorError) -> LockFolder {
        if let folder = try LockFolder.open(name, in: path, creating: true) { return folder }
        throw CoordinatorError(.cannotCreate, "cannot make the store " + path)
    }

    // MARK: Events

    private func reportBusy(_ folder: LockFolder, _ request: Request) {
        guard events.isHeard || request.onBusy != nil else { return }
        let last = request.kind(isForProcess: false).numbered(.max)
        if let obstacle = try? LockObstacle(aheadOf: last, in: folder) {
            report(obstacle, request.mode, waits: false)
            request.onBusy?(obstacle)
        }
    }

    private func report(_ obstacle: LockObstacle, _ mode: Ticket.Mode, waits: Bool) {
        events.report(
            .lockBusy,
            [.text("lock", obstacle.name.text), .text("mode", mode.word)]
                + (obstacle.holder.process.map { [.number("pid", $0)] } ?? [])
                + (obstacle.holder.details.map { [.text("command", $0.command)] } ?? [])
                + [.number("place", obstacle.place), .text("wait", waits ? "yes" : "no")])
    }

    // MARK: Failures

    private func failure(
        _ outcome: LockWait.Outcome, _ folder: LockFolder, _ request: Request
    ) throws(CoordinatorError) -> CoordinatorError {
        let name = "the lock '" + folder.name.text + "'"
        switch outcome {
        case .timedOut:
            let holder = try LockListing.of(folder).holder?.process
            let who = holder.map { "; process " + String($0) + " holds it" } ?? ""
            return CoordinatorError(.timedOut, name + " was not free in time" + who)
        case .refused(let other):
            return try folder.contradiction(request.mode, other)
        case .deadlock(let cycle):
            return CoordinatorError(
                .deadlock,
                "waiting for " + name + " would never end: " + cycle
                    + "; take these locks in one order everywhere, or together with --and")
        case .granted, .cancelled, .heldAlready, .heldOtherwise, .targetEnded:
            return CoordinatorError(.cancelled, "the wait for " + name + " was cancelled")
        }
    }

    static func unknown(_ name: LockName) -> CoordinatorError {
        CoordinatorError(.notFound, "there is no lock '" + name.text + "'")
    }

    static func noProcess(_ process: Int32) -> CoordinatorError {
        CoordinatorError(.notFound, "there is no process " + String(process))
    }
}

extension LockFolder {
    fileprivate func heldByAncestor(_ outer: Ticket) -> CoordinatorError {
        CoordinatorError(
            .deadlock,
            "the lock '" + name.text + "' is already held by the caller, or by a command that runs "
                + "it (token " + String(outer.number) + ", " + outer.mode.word
                + "), so waiting for it would never end")
    }

    fileprivate func heldOtherwise(_ ticket: Ticket, _ process: Int32) -> CoordinatorError {
        CoordinatorError(
            .deadlock,
            "process " + String(process) + " has the lock '" + name.text + "' already (token "
                + String(ticket.number) + ", " + ticket.mode.word + "); release it first")
    }

    /// What is said to one who asks for a lock in another way than it is used.
    fileprivate func contradiction(
        _ mode: Ticket.Mode, _ other: Ticket
    ) throws(CoordinatorError) -> CoordinatorError {
        let here = try surroundings()
        let entry = LockListing.Entry(
            try view(of: other), details(of: other), isHolder: true, from: here)
        let process = entry.process.map { ", process " + String($0) } ?? ""
        return CoordinatorError(
            .invalid,
            "the lock '" + name.text + "' is in use as " + other.mode.word + " (token "
                + String(other.number) + process + "), and this asks for " + mode.word
                + "; ask for the same, or wait until it is free")
    }
}
