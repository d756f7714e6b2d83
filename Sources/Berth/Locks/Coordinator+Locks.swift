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
    ///   - timeout: How long to wait at most; nil waits without an end.
    /// - Returns: The lock, held until it is released or goes out of scope.
    /// - Throws: ``CoordinatorError`` with `timedOut` where it was not free in
    ///   time, with `invalid` where the name is none.
    /// - SeeAlso: `flock(2)`
    public func lock(
        _ name: String, timeout: Duration? = nil
    ) throws(CoordinatorError) -> Lock {
        Lock(try take(name, LockPatience(timeout), nil))
    }

    /// Takes a lock that is free.
    ///
    /// Blocks the current thread for no longer than it takes to look.
    ///
    /// - Parameter name: As for `lock(_:timeout:)`.
    /// - Returns: The lock; nil where another holds it, or waits for it.
    /// - Throws: ``CoordinatorError`` with `invalid` where the name is none. That
    ///   another holds the lock is an answer and not an error.
    public func tryLock(_ name: String) throws(CoordinatorError) -> Lock? {
        guard let held = try request(name, .none, nil) else { return nil }
        return Lock(held)
    }

    /// Runs a body while a lock is held, and gives the lock back after it.
    ///
    /// Blocks the current thread while the lock is waited for.
    ///
    /// - Parameters:
    ///   - name: As for `lock(_:timeout:)`.
    ///   - timeout: How long to wait at most; nil waits without an end.
    ///   - body: What is done under the lock.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws, or the errors of `lock(_:timeout:)`.
    public func withLock<Result>(
        _ name: String, timeout: Duration? = nil, _ body: (borrowing Lock) throws -> Result
    ) throws -> Result {
        let lock = try lock(name, timeout: timeout)
        do {
            let result = try body(lock)
            lock.release()
            return result
        } catch {
            lock.release()
            throw error
        }
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
    ///   - timeout: How long to wait at most; nil waits without an end.
    /// - Returns: The lock, held until it is released or goes out of scope.
    /// - Throws: ``CoordinatorError`` with `cancelled` where the task was
    ///   cancelled, or as the synchronous twin.
    public func lock(_ name: String, timeout: Duration? = nil) async throws -> Lock {
        let patience = LockPatience(timeout)
        let held = try await cancellable { try self.take(name, patience, $0) }
        return Lock(held)
    }

    /// Takes a lock that is free.
    ///
    /// - Parameter name: As for the synchronous twin.
    /// - Returns: The lock; nil where another holds it, or waits for it.
    /// - Throws: As `lock(_:timeout:)`, but never `timedOut`.
    public func tryLock(_ name: String) async throws -> Lock? {
        let held = try await cancellable { try self.request(name, .none, $0) }
        guard let held else { return nil }
        return Lock(held)
    }

    /// Runs a body while a lock is held, and gives the lock back after it.
    ///
    /// - Parameters:
    ///   - name: As for `lock(_:timeout:)`.
    ///   - timeout: How long to wait at most; nil waits without an end.
    ///   - isolation: The actor on which the body runs: the caller's.
    ///   - body: What is done under the lock. It is not cancelled by anything
    ///     that the lock does.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws, or the errors of `lock(_:timeout:)`.
    public func withLock<Result>(
        _ name: String, timeout: Duration? = nil, isolation: isolated (any Actor)? = #isolation,
        _ body: (borrowing Lock) async throws -> Result
    ) async throws -> Result {
        let lock: Lock = try await lock(name, timeout: timeout)
        do {
            let result = try await body(lock)
            lock.release()
            return result
        } catch {
            lock.release()
            throw error
        }
    }

    // MARK: Taking

    private func take(
        _ name: String, _ patience: LockPatience, _ cancellation: Cancellation?
    ) throws(CoordinatorError) -> HeldTicket {
        guard let held = try request(name, patience, cancellation) else {
            preconditionFailure("Berth: a wait for a lock ended without an outcome")
        }
        return held
    }

    private func request(
        _ name: String, _ patience: LockPatience, _ cancellation: Cancellation?
    ) throws(CoordinatorError) -> HeldTicket? {
        var request = LockService.Request(try LockName(name))
        request.patience = patience
        request.command = ProcessTable.command(of: CurrentProcess.identifier)
        request.cancellation = cancellation
        let held = try locks.acquire(request)
        held?.describe(granted: true)
        return held
    }

    /// Runs a wait on a thread of its own, and ends it when the task is
    /// cancelled. What it won too late is given back by being let go.
    private func cancellable<Result: Sendable>(
        _ body: @escaping @Sendable (Cancellation) throws -> Result
    ) async throws -> Result {
        let cancellation = Cancellation()
        return try await withTaskCancellationHandler {
            let result = try await onThread { try body(cancellation) }
            if Task.isCancelled {
                throw CoordinatorError(.cancelled, "the wait for the lock was cancelled")
            }
            return result
        } onCancel: {
            cancellation.cancel()
        }
    }
}

extension LockPatience {
    /// How long a caller waits who says so by a duration, or waits for ever.
    package init(_ timeout: Duration?) {
        self = timeout.map { .until(Deadline(after: $0)) } ?? .unlimited
    }
}
