// SPDX-License-Identifier: Apache-2.0

package import BerthStore

/// The named locks of a store. Each call opens what it needs by its path, so
/// that a store that was moved or replaced is never mixed with the one before.
package struct LockService: Sendable {
    /// The store's directory.
    package let path: String
    /// How long the gate of a lock is waited for. Nobody stays in it for as
    /// long as a millisecond who is not stopped there.
    package var gateTimeout = Duration.seconds(5)

    package init(path: String) {
        self.path = path
    }

    // MARK: Acquiring

    /// What is asked for, and by whom.
    package struct Request {
        package let name: LockName
        package var patience = LockPatience.unlimited
        /// Who asks, for people to read.
        package var command = ""
        /// The locks that the caller is under, see ``HeldLocks``.
        package var under = ""
        package var cancellation: Cancellation?
        /// Told once whom the caller waits for, if it has to wait.
        package var onWait: ((LockObstacle) -> Void)?

        package init(_ name: LockName) {
            self.name = name
        }
    }

    /// Waits for the turn of the caller. Blocks the current thread.
    ///
    /// - Returns: The lock; nil where another holds it and the request has no patience.
    /// - Throws: `timedOut`, `cancelled`; `busy` where an ancestor holds the lock.
    package func acquire(_ request: Request) throws(CoordinatorError) -> HeldTicket? {
        let folder = try open(request.name)
        if let token = try HeldLocks.token(of: folder, in: request.under) {
            throw CoordinatorError(
                .busy,
                "the lock '" + request.name.text + "' is already held by a command that runs this "
                    + "one (token " + String(token) + "), so waiting for it would never end")
        }
        if request.patience == .none, try isTaken(folder) { return nil }
        let (held, outcome) = try wait(in: folder, for: nil, request)
        switch outcome {
        case .granted: return held
        case .timedOut where request.patience == .none: return nil
        case .timedOut: throw try timedOut(folder)
        case .cancelled, .heldAlready, .targetEnded: throw cancelled(folder)
        }
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
        let folder = try open(request.name)
        let target = try folder.calling("cannot look at the process for") {
            () throws(SystemError) in
            try Holder.living(process)
        }
        guard let target else { throw Self.noProcess(process) }
        for ticket in try folder.tickets() where ticket.isForProcess {
            if case .granted(let holder?) = try folder.standing(of: ticket),
                holder.isSameProcess(as: target)
            {
                return ticket.number
            }
        }
        if request.patience == .none, try isTaken(folder) { return nil }
        var request = request
        if request.command.isEmpty { request.command = ProcessTable.command(of: process) }
        let (held, outcome) = try wait(in: folder, for: target, request)
        switch outcome {
        case .granted:
            held.describe(granted: true)
            try held.handOver()
            return held.token
        case .heldAlready(let token): return token
        case .timedOut where request.patience == .none: return nil
        case .timedOut: throw try timedOut(folder)
        case .targetEnded: throw Self.noProcess(process)
        case .cancelled: throw cancelled(folder)
        }
    }

    /// Takes a ticket and waits for its turn. Whatever the outcome but
    /// `granted`, the ticket leaves the line with its last reference.
    private func wait(
        in folder: LockFolder, for target: Holder?, _ request: Request
    ) throws(CoordinatorError) -> (HeldTicket, LockWait.Outcome) {
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
        let held = try folder.takeTicket(
            .exclusive, content: target.map { ProcessGrant.content($0) },
            TicketDetails.Writer(target: target, command: request.command, under: request.under),
            until: gateDeadline(request.patience))
        let wait = LockWait(
            ticket: held.ticket, folder: folder, target: target, deadline: deadline,
            cancellation: wakeUp
        ) { () throws(CoordinatorError) in
            held.describe(granted: false)
            if let onWait = request.onWait,
                let obstacle = try LockObstacle(aheadOf: held.ticket, in: folder)
            {
                onWait(obstacle)
            }
        }
        let outcome = try wait.run()
        if outcome != .granted { held.release() }
        return (held, outcome)
    }

    private func gateDeadline(_ patience: LockPatience) -> Deadline {
        let deadline = Deadline(after: gateTimeout)
        guard case .until(let other) = patience, other.nanoseconds < deadline.nanoseconds else {
            return deadline
        }
        return other
    }

    private func isTaken(_ folder: LockFolder) throws(CoordinatorError) -> Bool {
        for ticket in try folder.tickets() where try folder.standing(of: ticket).isLive {
            return true
        }
        return false
    }

    private func open(_ name: LockName) throws(CoordinatorError) -> LockFolder {
        if let folder = try LockFolder.open(name, in: path, creating: true) { return folder }
        throw CoordinatorError(.cannotCreate, "cannot make the store " + path)
    }

    // MARK: Releasing

    /// Releases a lock that was taken for a process: by its token, or else that
    /// of a process which the caller descends from.
    ///
    /// - Throws: `notFound` where no such lock was ever used; `stale` where it
    ///   is not held by that token, or by none of those processes.
    package func release(_ name: LockName, token: UInt64?) throws(CoordinatorError) {
        guard let folder = try LockFolder.open(name, in: path, creating: false) else {
            throw Self.unknown(name)
        }
        let ancestors = token == nil ? try Self.ancestors() : []
        for ticket in try folder.tickets() {
            guard token == nil || ticket.number == token else { continue }
            switch try folder.standing(of: ticket) {
            case .granted(let holder):
                guard token != nil || holder.map({ ancestors.contains($0.process) }) == true else {
                    continue
                }
                return try folder.release(ticket)
            case .guarded where token != nil:
                throw CoordinatorError(
                    .stale,
                    "the lock '" + name.text + "' is held by a command that runs under it, with "
                        + "this token; it is released when that command ends")
            case .guarded, .gone, .dead:
                continue
            }
        }
        if let token { throw folder.stale(token) }
        throw CoordinatorError(
            .stale,
            "no process that runs this one holds the lock '" + name.text
                + "'; to release another's, name its --token")
    }

    /// The processes that this one descends from, and itself.
    private static func ancestors() throws(CoordinatorError) -> [Int32] {
        var ancestors: [Int32] = []
        var next = CurrentProcess.identifier
        while next > 0, !ancestors.contains(next) {
            ancestors.append(next)
            switch ProcessTable.observe(next) {
            case .found(let facts): next = facts.parent
            case .missing: return ancestors
            case .unreadable:
                throw CoordinatorError(
                    .inputOutput,
                    "cannot tell which process started " + String(next)
                        + "; name the lock's --token instead")
            }
        }
        return ancestors
    }

    // MARK: Listing

    /// Who holds a lock, and who waits for it. One that was never used is free.
    package func listing(of name: LockName) throws(CoordinatorError) -> LockListing {
        guard let folder = try LockFolder.open(name, in: path, creating: false) else {
            return LockListing(name: name, entries: [], state: .free)
        }
        return try .of(folder)
    }

    /// All locks that were ever used, by name.
    package func listings() throws(CoordinatorError) -> [LockListing] {
        guard let directory = try LockDirectory.open(path, creating: false) else { return [] }
        var listings: [LockListing] = []
        for folder in try directory.folders() {
            if let folder = try directory.open(folder: folder) { listings.append(try .of(folder)) }
        }
        return listings.sorted { $0.name.text.utf8.lexicographicallyPrecedes($1.name.text.utf8) }
    }

    // MARK: Failures

    private static func unknown(_ name: LockName) -> CoordinatorError {
        CoordinatorError(.notFound, "there is no lock '" + name.text + "'")
    }

    private static func noProcess(_ process: Int32) -> CoordinatorError {
        CoordinatorError(.notFound, "there is no process " + String(process))
    }

    private func timedOut(_ folder: LockFolder) throws(CoordinatorError) -> CoordinatorError {
        let holder = try LockListing.of(folder).holder?.process
        let who = holder.map { "; process " + String($0) + " holds it" } ?? ""
        return CoordinatorError(
            .timedOut, "the lock '" + folder.name.text + "' was not free in time" + who)
    }

    private func cancelled(_ folder: LockFolder) -> CoordinatorError {
        CoordinatorError(
            .cancelled, "the wait for the lock '" + folder.name.text + "' was cancelled")
    }
}

extension LockFolder {
    /// Removes the granted ticket of a process, whose name is what holds the lock.
    ///
    /// The bell is opened before: if this process dies after the removal, it
    /// hangs up, and whoever watched it wakes; whoever watches it later finds
    /// the ticket gone.
    fileprivate func release(_ ticket: Ticket) throws(CoordinatorError) {
        let bell = try? FileCalls.openFifo(ticket.bellName, in: directory, .both)
        defer { if let bell { FileCalls.close(bell) } }
        do throws(SystemError) {
            try FileCalls.unlink(ticket.fileName, in: directory)
        } catch let error where error.errno == .noEntry {
            throw stale(ticket.number)
        } catch {
            throw .system("cannot release the lock '" + name.text + "' in " + path, error)
        }
        if let bell { FileCalls.ring(bell) }
        remove(ticket.detailsName)
        remove(ticket.bellName)
    }

    fileprivate func stale(_ token: UInt64) -> CoordinatorError {
        CoordinatorError(
            .stale,
            "the lock '" + name.text + "' is no longer held with the token " + String(token))
    }
}
