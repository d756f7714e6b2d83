// SPDX-License-Identifier: Apache-2.0

import BerthStore

// The asynchronous twins: each does the same on a thread of its own, never on
// Swift's cooperative pool.
extension Jobs {
    /// Enqueues a job, as the synchronous twin does.
    @discardableResult
    public func enqueue(_ request: JobRequest) async throws -> EnqueuedJob {
        try await coordinator.onThread { try self.enqueue(request) }
    }

    /// Enqueues jobs, as the synchronous twin does.
    @discardableResult
    public func enqueue(_ requests: [JobRequest]) async throws -> [EnqueuedJob] {
        try await coordinator.onThread { try self.enqueue(requests) }
    }

    /// A job, as the synchronous twin tells it.
    public func job(_ id: JobID) async throws -> Job? {
        try await coordinator.onThread { try self.job(id) }
    }

    /// The payload of a job, as the synchronous twin tells it.
    public func payload(of id: JobID) async throws -> [UInt8]? {
        try await coordinator.onThread { try self.payload(of: id) }
    }

    /// The output of a job, as the synchronous twin tells it.
    public func output(of id: JobID) async throws -> [UInt8]? {
        try await coordinator.onThread { try self.output(of: id) }
    }

    /// Jobs, as the synchronous twin tells them.
    public func list(
        _ filter: JobFilter = JobFilter(), limit: Int? = nil
    ) async throws -> [Job] {
        try await coordinator.onThread { try self.list(filter, limit: limit) }
    }

    /// What is known of each queue, as the synchronous twin tells it.
    public func queues() async throws -> [JobQueueStatus] {
        try await coordinator.onThread { try self.queues() }
    }

    /// Claims jobs, as the synchronous twin does.
    public func claim(
        from queue: String, limit: Int = 1, kinds: [String]? = nil,
        forProcess process: Int32? = nil,
        lease: Duration? = nil, timeout: Duration = .zero
    ) async throws -> [Job] {
        try await coordinator.onThread {
            try self.claim(
                from: queue, limit: limit, kinds: kinds, forProcess: process, lease: lease,
                timeout: timeout)
        }
    }

    /// Takes jobs back, as the synchronous twin does.
    @discardableResult
    public func rescue() async throws -> Int {
        try await coordinator.onThread { try self.rescue() }
    }

    /// Cancels a job, as the synchronous twin does.
    @discardableResult
    public func cancel(
        _ id: JobID, reason: String? = nil
    ) async throws -> CoordinatorTransaction.Cancellation {
        try await coordinator.onThread { try self.cancel(id, reason: reason) }
    }

    /// Lets a job run as soon as it can, as the synchronous twin does.
    @discardableResult
    public func retry(_ id: JobID) async throws -> Job {
        try await coordinator.onThread { try self.retry(id) }
    }

    /// Lets dead letters run once more, as the synchronous twin does.
    @discardableResult
    public func redrive(_ filter: JobFilter) async throws -> Int {
        try await coordinator.onThread { try self.redrive(filter) }
    }

    /// Changes what holds for a queue, as the synchronous twin does.
    @discardableResult
    public func updateQueue(
        _ name: String, _ body: @escaping @Sendable (inout JobQueueSettings) throws -> Void
    ) async throws -> JobQueueSettings {
        try await coordinator.onThread { try self.updateQueue(name, body) }
    }

    /// Lets no job of a queue be claimed, as the synchronous twin does.
    public func pause(_ queue: String, group: String? = nil) async throws {
        try await coordinator.onThread { try self.pause(queue, group: group) }
    }

    /// Lets jobs of a queue be claimed again, as the synchronous twin does.
    public func resume(_ queue: String, group: String? = nil) async throws {
        try await coordinator.onThread { try self.resume(queue, group: group) }
    }

    /// Removes ended jobs, as the synchronous twin does.
    @discardableResult
    public func prune(steps: Int? = nil) async throws -> Int {
        try await coordinator.onThread { try self.prune(steps: steps) }
    }

    /// Waits until something has come about, as the synchronous twin does. The
    /// wait ends when the task is cancelled.
    public func wait(for goal: Goal, timeout: Duration? = nil) async throws -> [Job] {
        let cancellation = BerthStore.Cancellation()
        return try await withTaskCancellationHandler {
            try await coordinator.onThread {
                try self.wait(for: goal, timeout: timeout, cancellation)
            }
        } onCancel: {
            cancellation.cancel()
        }
    }
}
