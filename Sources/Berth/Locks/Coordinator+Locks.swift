// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension Coordinator {
    /// The named locks of the store, which need nothing else of it.
    package var locks: LockService { LockService(path: path, events: events) }

    // MARK: Synchronous

    /// Waits for a lock and takes it.
    ///
    /// Blocks the current thread. Contenders are served in the order in which
    /// they came; one that dies is skipped at once.
    ///
    /// - Parameters:
    ///   - name: 1 to 255 bytes of printable ASCII without `/`, `"` and `\`.
    ///   - mode: Who may hold it beside this one.
    ///   - lease: After what time the lock is lost; nil keeps it until it is
    ///     released, or the process ends.
    ///   - timeout: How long to wait at most; nil waits without an end.
    /// - Returns: The lock, held until it is released or goes out of scope.
    /// - Throws: ``CoordinatorError`` with `timedOut` where it was not free in
    ///   time, with `deadlock` where the wait would never end, with `invalid`
    ///   where the name is none or the lock is in use in another way.
    /// - SeeAlso: `flock(2)`
    public func lock(
        _ name: String, mode: Lock.Mode = .exclusive, lease: Lock.Lease? = nil,
        timeout: Duration? = nil
    ) throws(CoordinatorError) -> Lock {
        let wish = try LockWish([name], mode, lease, LockPatience(timeout))
        return try Lock(try taken(try take(wish))[0], lease)
    }

    /// Takes a lock that is free.
    ///
    /// Blocks the current thread for no longer than it takes to look.
    ///
    /// - Parameters:
    ///   - name: As for `lock(_:mode:lease:timeout:)`.
    ///   - mode: Who may hold it beside this one.
    ///   - lease: After what time the lock is lost.
    /// - Returns: The lock; nil where another holds it, or waits for it.
    /// - Throws: ``CoordinatorError`` with `invalid` where the name is none, with
    ///   `busy` where that cannot be told, because a process was stopped while
    ///   it came for the lock. That another holds it is an answer and not an error.
    public func tryLock(
        _ name: String, mode: Lock.Mode = .exclusive, lease: Lock.Lease? = nil
    ) throws(CoordinatorError) -> Lock? {
        guard let held = try take(try LockWish([name], mode, lease, .none)) else { return nil }
        return try Lock(held[0], lease)
    }

    /// Runs a body while a lock is held, and gives the lock back after it.
    ///
    /// Blocks the current thread while the lock is waited for. A task or thread
    /// that is inside already is refused with `deadlock`, or enters again; it is
    /// inside as well where this process is run by `berth lock` under this lock.
    ///
    /// - Parameters:
    ///   - name: As for `lock(_:mode:lease:timeout:)`.
    ///   - mode: Who may hold it beside this one.
    ///   - lease: After what time the lock is lost.
    ///   - timeout: How long to wait at most; nil waits without an end.
    ///   - isReentrant: Whether the body is run under the lock that the caller
    ///     is inside of already, with the same token.
    ///   - body: What is done under the lock.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws, or the errors of
    ///   `lock(_:mode:lease:timeout:)`; `stale` where the lock was lost before
    ///   the body had returned.
    @_disfavoredOverload  // Else a task whose body does not wait would be blocked.
    public func withLock<Result>(
        _ name: String, mode: Lock.Mode = .exclusive, lease: Lock.Lease? = nil,
        timeout: Duration? = nil, isReentrant: Bool = false,
        _ body: (borrowing Lock) throws -> Result
    ) throws -> Result {
        if isReentrant, let grant = try entered(name, mode) {
            return try body(Lock(reentering: grant))
        }
        let held = try taken(try take(try LockWish([name], mode, lease, LockPatience(timeout))))[0]
        let lock = try Lock(held, lease)
        let result = try LockNesting.$frames.withValue(LockNesting.frames(and: held)) {
            try body(lock)
        }
        guard lock.release() else { throw held.loss }
        return result
    }

    /// Runs a body while several locks are held, and gives them back after it.
    ///
    /// Blocks the current thread while they are waited for. They are taken in
    /// the order of their names, so that two who take some of the same never
    /// wait for each other in a circle; where one of them cannot be had, none
    /// is held.
    ///
    /// - Parameters:
    ///   - names: Each as for `lock(_:mode:lease:timeout:)`, in any order.
    ///   - mode: Who may hold each beside this one.
    ///   - lease: After what time each is lost; its loss is told for each that is.
    ///   - timeout: How long to wait at most for all of them; nil waits
    ///     without an end.
    ///   - isReentrant: Whether those that the caller is inside of already are
    ///     entered again, each with its token, and only the others are taken.
    ///   - body: What is done under the locks.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws, or the errors of
    ///   `lock(_:mode:lease:timeout:)`; `stale` where one of the locks was lost
    ///   before the body had returned.
    @_disfavoredOverload  // Else a task whose body does not wait would be blocked.
    public func withLocks<Result>(
        _ names: [String], mode: Lock.Mode = .exclusive, lease: Lock.Lease? = nil,
        timeout: Duration? = nil, isReentrant: Bool = false,
        _ body: (borrowing LockGroup) throws -> Result
    ) throws -> Result {
        let entered = isReentrant ? try entered(names, mode) : []
        let wish = try LockWish(names, mode, lease, LockPatience(timeout), but: entered)
        let held = try taken(try take(wish))
        let group = try LockGroup(held, lease, entered: entered)
        let result = try LockNesting.$frames.withValue(LockNesting.frames(and: held)) {
            try body(group)
        }
        guard group.release() else { throw Self.loss(of: held) }
        return result
    }

    // MARK: Asynchronous

    /// Waits for a lock and takes it.
    ///
    /// The wait is on a thread of its own, never on Swift's cooperative pool.
    /// It ends when the task is cancelled; a lock that is won after that is
    /// given back at once.
    ///
    /// - Parameters:
    ///   - name: As for the synchronous twin.
    ///   - mode: Who may hold it beside this one.
    ///   - lease: After what time the lock is lost.
    ///   - timeout: How long to wait at most; nil waits without an end.
    /// - Returns: The lock, held until it is released or goes out of scope.
    /// - Throws: ``CoordinatorError`` with `cancelled` where the task was
    ///   cancelled, or as the synchronous twin.
    public func lock(
        _ name: String, mode: Lock.Mode = .exclusive, lease: Lock.Lease? = nil,
        timeout: Duration? = nil
    ) async throws -> Lock {
        let wish = try LockWish([name], mode, lease, LockPatience(timeout))
        return try Lock(try taken(try await take(wish))[0], lease)
    }

    /// Takes a lock that is free.
    ///
    /// - Parameters:
    ///   - name: As for the synchronous twin.
    ///   - mode: Who may hold it beside this one.
    ///   - lease: After what time the lock is lost.
    /// - Returns: The lock; nil where another holds it, or waits for it.
    /// - Throws: As `lock(_:mode:lease:timeout:)`, but never `timedOut`.
    public func tryLock(
        _ name: String, mode: Lock.Mode = .exclusive, lease: Lock.Lease? = nil
    ) async throws -> Lock? {
        let wish = try LockWish([name], mode, lease, .none)
        guard let held = try await take(wish) else { return nil }
        return try Lock(held[0], lease)
    }

    /// Runs a body while a lock is held, and gives the lock back after it.
    ///
    /// - Parameters:
    ///   - name: As for `lock(_:mode:lease:timeout:)`.
    ///   - mode: Who may hold it beside this one.
    ///   - lease: After what time the lock is lost.
    ///   - timeout: How long to wait at most; nil waits without an end.
    ///   - isReentrant: As for the synchronous twin.
    ///   - isolation: The actor on which the body runs: the caller's.
    ///   - body: What is done under the lock. It is not cancelled by anything
    ///     that the lock does.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws, or as the synchronous twin.
    public func withLock<Result>(
        _ name: String, mode: Lock.Mode = .exclusive, lease: Lock.Lease? = nil,
        timeout: Duration? = nil, isReentrant: Bool = false,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (borrowing Lock) async throws -> Result
    ) async throws -> Result {
        if isReentrant, let grant = try entered(name, mode) {
            return try await body(Lock(reentering: grant))
        }
        let wish = try LockWish([name], mode, lease, LockPatience(timeout))
        let held = try taken(try await take(wish))[0]
        let lock = try Lock(held, lease)
        let frames = LockNesting.frames(and: held)
        let result = try await LockNesting.$frames.withValue(frames) { try await body(lock) }
        guard lock.release() else { throw held.loss }
        return result
    }

    /// Runs a body while several locks are held, and gives them back after it.
    ///
    /// - Parameters:
    ///   - names: As for the synchronous twin.
    ///   - mode: Who may hold each beside this one.
    ///   - lease: As for the synchronous twin.
    ///   - timeout: How long to wait at most for all of them; nil waits
    ///     without an end.
    ///   - isReentrant: As for the synchronous twin.
    ///   - isolation: The actor on which the body runs: the caller's.
    ///   - body: What is done under the locks.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws, or as the synchronous twin.
    public func withLocks<Result>(
        _ names: [String], mode: Lock.Mode = .exclusive, lease: Lock.Lease? = nil,
        timeout: Duration? = nil, isReentrant: Bool = false,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (borrowing LockGroup) async throws -> Result
    ) async throws -> Result {
        let entered = isReentrant ? try entered(names, mode) : []
        let wish = try LockWish(names, mode, lease, LockPatience(timeout), but: entered)
        let held = try taken(try await take(wish))
        let group = try LockGroup(held, lease, entered: entered)
        let frames = LockNesting.frames(and: held)
        let result = try await LockNesting.$frames.withValue(frames) {
            try await body(group)
        }
        guard group.release() else { throw Self.loss(of: held) }
        return result
    }

    // MARK: Taking

    private func take(
        _ wish: LockWish, _ cancellation: Cancellation? = nil
    ) throws(CoordinatorError) -> [HeldTicket]? {
        let held = try locks.acquireAll(wish.requests(cancellation))
        if let held { for ticket in held { ticket.describe(granted: true) } }
        return held
    }

    /// Waits on a thread of its own, and ends the wait when the task is
    /// cancelled. What it won too late is given back by being let go.
    private func take(_ wish: LockWish) async throws -> [HeldTicket]? {
        let cancellation = Cancellation()
        return try await withTaskCancellationHandler {
            let held = try await onThread { try self.take(wish, cancellation) }
            if Task.isCancelled {
                throw CoordinatorError(.cancelled, "the wait for the lock was cancelled")
            }
            return held
        } onCancel: {
            cancellation.cancel()
        }
    }

    private func taken(_ held: [HeldTicket]?) throws(CoordinatorError) -> [HeldTicket] {
        guard let held else {
            preconditionFailure("Berth: a wait for a lock ended without an outcome")
        }
        return held
    }

    /// The lock that the caller is inside of, entered again; nil where it is not.
    ///
    /// - Throws: `deadlock` where it is inside of one that covers less.
    private func entered(
        _ name: String, _ mode: Lock.Mode
    ) throws(CoordinatorError) -> LockGrant? {
        let lock = try LockName(name)
        let mode = try mode.checked()
        if let held = LockNesting.held(lock, mode, in: path) { return .entered(held) }
        var request = LockService.Request(lock)
        request.mode = mode
        request.under = LockNesting.outer
        return try locks.outerGrant(request).map { .inherited($0) }
    }

    /// Those of some locks that the caller is inside of, each once.
    private func entered(
        _ names: [String], _ mode: Lock.Mode
    ) throws(CoordinatorError) -> [LockGrant] {
        var grants: [LockGrant] = []
        for name in names where !grants.contains(where: { $0.name.text == name }) {
            if let grant = try entered(name, mode) { grants.append(grant) }
        }
        return grants
    }

    private static func loss(of held: [HeldTicket]) -> CoordinatorError {
        CoordinatorError(
            .stale,
            "one of the locks " + held.map { "'" + $0.name.text + "'" }.joined(separator: ", ")
                + " has been taken away; what is done since then is not under all of them")
    }
}

/// What a caller asks for, as it is taken to the thread that waits.
private struct LockWish: Sendable {
    private let names: [LockName]
    private let mode: Ticket.Mode
    private let lease: UInt64?
    private let patience: LockPatience
    /// What the calling task is under, which that thread does not know.
    private let under: String

    init(
        _ names: [String], _ mode: Lock.Mode, _ lease: Lock.Lease?, _ patience: LockPatience,
        but entered: [LockGrant] = []
    ) throws(CoordinatorError) {
        var checked: [LockName] = []
        for name in names where !entered.contains(where: { $0.name.text == name }) {
            checked.append(try LockName(name))
        }
        self.names = checked
        self.mode = try mode.checked()
        self.lease = try lease?.checked()
        self.patience = patience
        under = try LockNesting.entries()
    }

    /// What this process was started with.
    private static let command = ProcessTable.command(of: CurrentProcess.identifier)

    func requests(_ cancellation: Cancellation?) -> [LockService.Request] {
        names.map { name in
            var request = LockService.Request(name)
            request.mode = mode
            request.lease = lease
            request.patience = patience
            request.command = Self.command
            request.under = under
            request.cancellation = cancellation
            return request
        }
    }
}

extension LockPatience {
    /// How long a caller waits who says so by a duration, or waits for ever.
    package init(_ timeout: Duration?) {
        self = timeout.map { .until(Deadline(after: $0)) } ?? .unlimited
    }
}
