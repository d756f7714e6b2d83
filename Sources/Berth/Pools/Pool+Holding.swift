// SPDX-License-Identifier: Apache-2.0

package import BerthStore

/// Items for this process, which are free as soon as it lets go of them or dies.
extension Pool {
    // MARK: Synchronous

    /// Waits for items and takes them for this process.
    ///
    /// Blocks the current thread. Whoever finds too few free is served in the
    /// order of coming, with all of what is asked for or with none.
    ///
    /// - Parameters:
    ///   - count: How many: from 1.
    ///   - timeout: How long to wait at most; nil waits without an end.
    /// - Returns: The items, held until they are given back or go out of scope.
    /// - Throws: ``CoordinatorError`` with `timedOut` where they were not free
    ///   in time, with `notFound` where there is no such pool, and with
    ///   `unavailable` where it has fewer in all.
    public func hold(_ count: Int = 1, timeout: Duration? = nil) throws -> HeldItems {
        let wish = try PoolWish(count, LockPatience(timeout))
        let (items, ticket) = try held(wish, nil)
        return HeldItems(items, ticket)
    }

    /// Takes items for this process where enough are free and nobody stands in
    /// line. Blocks the current thread for no longer than it takes to look.
    ///
    /// - Parameter count: How many: from 1.
    /// - Returns: The items; nil where others have them, or wait for them.
    /// - Throws: As `hold(_:timeout:)`, but never `timedOut`.
    public func tryHold(_ count: Int = 1) throws -> HeldItems? {
        guard let (items, ticket) = try hold(PoolWish(count, .none), nil) else { return nil }
        return HeldItems(items, ticket)
    }

    /// Runs a body while this process has items, and gives them back after it.
    ///
    /// Blocks the current thread while the items are waited for.
    ///
    /// - Parameters:
    ///   - count: How many: from 1.
    ///   - timeout: How long to wait at most; nil waits without an end.
    ///   - body: What is done with them.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws, or the errors of `hold(_:timeout:)`.
    @_disfavoredOverload  // Else a task whose body does not wait would be blocked.
    public func withItems<Result>(
        _ count: Int = 1, timeout: Duration? = nil, _ body: ([String]) throws -> Result
    ) throws -> Result {
        let held: HeldItems = try hold(count, timeout: timeout)
        let items = held.items
        let result = try LockNesting.$frames.withValue(LockNesting.frames(and: held.ticket)) {
            try body(items)
        }
        held.giveBack()
        return result
    }

    // MARK: Asynchronous

    /// Waits for items and takes them for this process.
    ///
    /// The wait is on a thread of its own, never on Swift's cooperative pool.
    /// It ends when the task is cancelled; items that are won after that are
    /// given back at once.
    ///
    /// - Parameters:
    ///   - count: How many: from 1.
    ///   - timeout: How long to wait at most; nil waits without an end.
    /// - Returns: The items, held until they are given back or go out of scope.
    /// - Throws: ``CoordinatorError`` with `cancelled` where the task was
    ///   cancelled, or as the synchronous twin.
    public func hold(_ count: Int = 1, timeout: Duration? = nil) async throws -> HeldItems {
        let wish = try PoolWish(count, LockPatience(timeout))
        let (items, ticket) = try await cancellable { try self.held(wish, $0) }
        if Task.isCancelled {
            ticket.release()
            throw CoordinatorError(.cancelled, "the wait for an item was cancelled")
        }
        return HeldItems(items, ticket)
    }

    /// Takes items for this process where enough are free.
    ///
    /// - Parameter count: How many: from 1.
    /// - Returns: The items; nil where others have them, or wait for them.
    /// - Throws: As `hold(_:timeout:)`, but never `timedOut`.
    public func tryHold(_ count: Int = 1) async throws -> HeldItems? {
        let wish = try PoolWish(count, .none)
        let held = try await coordinator.onThread { try self.hold(wish, nil) }
        guard let (items, ticket) = held else { return nil }
        return HeldItems(items, ticket)
    }

    /// Runs a body while this process has items, and gives them back after it.
    ///
    /// - Parameters:
    ///   - count: How many: from 1.
    ///   - timeout: How long to wait at most; nil waits without an end.
    ///   - isolation: The actor on which the body runs: the caller's.
    ///   - body: What is done with them. It is not cancelled by anything that
    ///     the pool does.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws, or the errors of `hold(_:timeout:)`.
    public func withItems<Result>(
        _ count: Int = 1, timeout: Duration? = nil,
        isolation: isolated (any Actor)? = #isolation,
        _ body: ([String]) async throws -> Result
    ) async throws -> Result {
        let held: HeldItems = try await hold(count, timeout: timeout)
        let items = held.items
        let frames = LockNesting.frames(and: held.ticket)
        let result = try await LockNesting.$frames.withValue(frames) { try await body(items) }
        held.giveBack()
        return result
    }

    // MARK: Holding

    /// Waits on a thread of its own, and ends the wait when the task is cancelled.
    func cancellable<Result: Sendable>(
        _ body: @escaping @Sendable (Cancellation) throws -> Result
    ) async throws -> Result {
        let cancellation = Cancellation()
        return try await withTaskCancellationHandler {
            try await coordinator.onThread { try body(cancellation) }
        } onCancel: {
            cancellation.cancel()
        }
    }

    private func held(
        _ wish: PoolWish, _ cancellation: Cancellation?
    ) throws -> (items: [String], ticket: HeldTicket) {
        guard let held = try hold(wish, cancellation) else {
            preconditionFailure("Berth: a wait for items ended without an outcome")
        }
        return held
    }

    /// Takes items by a ticket, which lives as long as this process or one
    /// that inherits it.
    ///
    /// The ticket is taken first. A crash before the items are leaves a dead
    /// one that nobody names, which the next who takes one removes.
    package func hold(
        _ wish: PoolWish, _ cancellation: Cancellation?,
        onWait: ((PoolObstacle) -> Void)? = nil
    ) throws -> (items: [String], ticket: HeldTicket)? {
        let name = try checkedName()
        let command = wish.command ?? ProcessTable.command(of: CurrentProcess.identifier)
        // Nothing is left behind by one who errs in the name.
        try coordinator.read { view in
            _ = try view.state(of: name, try PoolJudge(of: name, in: coordinator.path))
        }
        let ticket = try coordinator.locks.takeSign(name.holders, command: command)
        var taker = PoolTaker(
            coordinator: coordinator, name: name, claim: .ticket(ticket.token, count: wish.count))
        taker.patience = wish.patience
        taker.cancellation = cancellation
        taker.command = command
        taker.under = wish.under
        taker.onWait = onWait
        guard let holding = try taker.run() else {
            ticket.release()
            return nil
        }
        ticket.describe(granted: true)
        return (holding.items, ticket)
    }
}

/// What a program or a command asks for, as it is taken to the thread that waits.
package struct PoolWish: Sendable {
    let count: Int
    let patience: LockPatience
    /// Who asks, for people to read; nil is this program.
    let command: String?
    /// What the caller is under, see ``HeldLocks``.
    let under: String

    package init(
        _ count: Int, _ patience: LockPatience, command: String, under: String
    ) throws(CoordinatorError) {
        self.count = try Self.checked(count)
        self.patience = patience
        self.command = command
        self.under = under
    }

    /// What the calling task or thread asks for.
    init(_ count: Int, _ patience: LockPatience) throws(CoordinatorError) {
        self.count = try Self.checked(count)
        self.patience = patience
        command = nil
        under = try LockNesting.entries()
    }

    private static func checked(_ count: Int) throws(CoordinatorError) -> Int {
        if count > 0 { return count }
        throw CoordinatorError(.invalid, "at least one item has to be taken")
    }
}
