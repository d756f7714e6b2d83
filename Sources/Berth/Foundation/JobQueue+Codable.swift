// SPDX-License-Identifier: Apache-2.0

import BerthStore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension JobQueue {
    // MARK: Enqueuing

    /// What a job is enqueued by, for use in a transaction.
    ///
    /// - Parameters:
    ///   - payload: What is to be done.
    ///   - key: One that no other job that is still to be done may have.
    ///   - configure: Sets what is to differ from the defaults.
    /// - Returns: The request.
    /// - Throws: What the payload's encoding throws.
    public func request(
        _ payload: Payload, key: String? = nil, _ configure: (inout JobRequest) -> Void = { _ in }
    ) throws -> JobRequest {
        var request = JobRequest(queue: name, payload: try KeyValue.json(payload), kind: kind)
        request.key = key
        configure(&request)
        return request
    }

    /// Enqueues a job. Blocks the current thread.
    ///
    /// - Parameters:
    ///   - payload: What is to be done.
    ///   - key: One that no other job that is still to be done may have.
    ///   - configure: Sets what is to differ from the defaults.
    /// - Returns: The job; with a key that is taken, the one that has it.
    /// - Throws: What the payload's encoding throws, and ``CoordinatorError``.
    @discardableResult
    public func enqueue(
        _ payload: Payload, key: String? = nil, _ configure: (inout JobRequest) -> Void = { _ in }
    ) throws -> EnqueuedJob {
        try coordinator.jobs.enqueue(try request(payload, key: key, configure))
    }

    /// Enqueues a job, as the synchronous twin does.
    @discardableResult
    public func enqueue(
        _ payload: Payload, key: String? = nil, _ configure: (inout JobRequest) -> Void = { _ in }
    ) async throws -> EnqueuedJob {
        let request = try request(payload, key: key, configure)
        return try await coordinator.jobs.enqueue(request)
    }

    /// Enqueues jobs, all or none. Blocks the current thread.
    @discardableResult
    public func enqueue(_ payloads: [Payload]) throws -> [EnqueuedJob] {
        try coordinator.jobs.enqueue(try payloads.map { try request($0) })
    }

    /// Enqueues jobs, as the synchronous twin does.
    @discardableResult
    public func enqueue(_ payloads: [Payload]) async throws -> [EnqueuedJob] {
        try await coordinator.jobs.enqueue(try payloads.map { try request($0) })
    }

    // MARK: Working

    /// Does the jobs of the queue, until the task is cancelled.
    ///
    /// A body that returns completes its job. One that throws has failed: the
    /// job is tried again after its backoff, or is discarded after its last
    /// attempt; a ``JobControl`` says otherwise. A cancelled task claims no
    /// more, lets jobs go on for the grace, then cancels them and hands them
    /// back. The worker sleeps while there is nothing to do.
    ///
    /// - Parameters:
    ///   - options: How it goes about it.
    ///   - body: Does a job. Its task is cancelled where the job takes longer
    ///     than its timeout, is cancelled, or is no longer this worker's.
    /// - Throws: ``CoordinatorError`` with `busy` where the queue has as many
    ///   workers as it may have, and where the store cannot be used for long.
    public func run(
        _ options: Options = Options(),
        _ body: @escaping @Sendable (ClaimedJob<Payload>) async throws -> Void
    ) async throws {
        let worker = try worker(options, TaskExecutor(coordinator, body))
        try await withTaskCancellationHandler {
            _ = try await coordinator.onThread { try worker.run() }
        } onCancel: {
            worker.stop()
        }
    }

    /// Does the jobs of the queue, until the task is cancelled.
    public func run(
        concurrency: Int,
        _ body: @escaping @Sendable (ClaimedJob<Payload>) async throws -> Void
    ) async throws {
        var options = Options()
        options.concurrency = concurrency
        try await run(options, body)
    }

    /// Does the jobs of the queue until none is left, each on a thread of its
    /// own. Blocks the current thread.
    ///
    /// - Parameters:
    ///   - concurrency: How many at once.
    ///   - body: Does a job, as for the asynchronous `run`.
    /// - Throws: As the asynchronous `run`.
    public func runUntilEmpty(
        concurrency: Int = 1, _ body: @escaping @Sendable (ClaimedJob<Payload>) throws -> Void
    ) throws {
        var options = Options()
        options.concurrency = concurrency
        options.isUntilEmpty = true
        _ = try worker(options, ThreadExecutor(coordinator, body)).run()
    }

    /// Claims jobs as they come, for a program that ends each attempt itself.
    ///
    /// - Parameter limit: How many are claimed at once, at most.
    /// - Returns: The jobs, without an end; the loop ends with its task.
    public func claims(limit: Int = 1) -> JobClaims<Payload> {
        JobClaims(queue: self, limit: limit)
    }
}

/// The jobs of a queue as they come, each claimed by this process.
public struct JobClaims<Payload: Codable & Sendable>: AsyncSequence {
    /// A job, and the claim to it.
    public typealias Element = ClaimedJob<Payload>

    let queue: JobQueue<Payload>
    let limit: Int

    /// One that claims jobs of its own.
    public func makeAsyncIterator() -> Iterator { Iterator(queue, limit) }

    /// Claims the next jobs when those before have been taken.
    public struct Iterator: AsyncIteratorProtocol {
        private let queue: JobQueue<Payload>
        private let limit: Int
        private var member: JobMember?
        private var claimed: [ClaimedJob<Payload>] = []

        fileprivate init(_ queue: JobQueue<Payload>, _ limit: Int) {
            self.queue = queue
            self.limit = limit
        }

        /// The next job; nil when the task is cancelled.
        public mutating func next() async throws -> ClaimedJob<Payload>? {
            while claimed.isEmpty {
                if Task.isCancelled { return nil }
                do {
                    try await claim()
                } catch let error as CoordinatorError where error.code == .cancelled {
                    return nil
                }
            }
            return claimed.removeFirst()
        }

        private mutating func claim() async throws {
            try JobRule.check(queue: queue.name)
            let coordinator = queue.coordinator
            let member: JobMember
            if let own = self.member, own.presence.isNamed {
                member = own
            } else {
                member = try await coordinator.onThread { try JobMember(coordinator) }
                self.member = member
            }
            let request = ClaimRequest(
                queue: queue.name, limit: Swift.max(1, limit), kinds: [queue.kind],
                holder: member.presence.holder, proof: .member(member.name), lease: nil)
            let jobs = try await coordinator.wait(for: [.jobs(of: queue.name)], until: nil) {
                () throws -> Look<[(Job, [UInt8])]> in
                let now = Clock.wallMilliseconds
                let rescue = try member.rescue.runWhereDue()
                let began = Clock.monotonic
                let (outcome, payloads) = try coordinator.write("job.claim") { transaction in
                    let outcome = try transaction.claim(request, at: now)
                    return (outcome, try outcome.jobs.map { try transaction.payload(of: $0) })
                }
                coordinator.report(
                    outcome.jobs.count, skipped: outcome.skipped, from: request.queue,
                    since: began)
                if !outcome.jobs.isEmpty { return .found(Array(zip(outcome.jobs, payloads))) }
                let due = outcome.nextDue.map { JobWorker.deadline(of: $0, now) }
                return .nothing(
                    until: Deadline.sooner(due, rescue), watching: member.rescue.watches)
            }
            for (job, payload) in jobs ?? [] {
                do {
                    claimed.append(
                        ClaimedJob(
                            job, payload: try Payload(jobPayload: payload), member, coordinator,
                            isManaged: false))
                } catch {
                    try await ClaimedJob(
                        job, payload: (), member, coordinator, isManaged: false
                    ).fail("its payload is not what this worker knows: \(error)")
                }
            }
        }
    }
}

extension Decodable {
    /// Reads the payload of a job.
    fileprivate init(jobPayload json: [UInt8]) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(json))
    }
}

/// Does jobs in tasks.
private struct TaskExecutor<Payload: Codable & Sendable>: JobExecutor {
    let coordinator: Coordinator
    let body: @Sendable (ClaimedJob<Payload>) async throws -> Void

    init(
        _ coordinator: Coordinator,
        _ body: @escaping @Sendable (ClaimedJob<Payload>) async throws -> Void
    ) {
        self.coordinator = coordinator
        self.body = body
    }

    var runsCommands: Bool { false }

    private struct Running: RunningJob {
        let task: Task<Void, Never>

        func cancel() { task.cancel() }
        /// A task cannot be ended from outside.
        func kill() {}
    }

    func start(
        _ job: Job, payload: [UInt8], for member: JobMember,
        whenDone: @escaping @Sendable (JobResult) -> Void
    ) -> any RunningJob {
        let task = Task {
            let claimed: ClaimedJob<Payload>
            do {
                claimed = ClaimedJob(
                    job, payload: try Payload(jobPayload: payload), member, coordinator,
                    isManaged: true)
            } catch {
                return whenDone(.failed("its payload is not what this worker knows: \(error)"))
            }
            do {
                try await body(claimed)
                whenDone(claimed.isSettled ? .settled : .completed(output: nil))
            } catch {
                whenDone(claimed.isSettled ? .settled : JobResult(error))
            }
        }
        return Running(task: task)
    }
}

/// Does jobs on threads of their own.
private struct ThreadExecutor<Payload: Codable & Sendable>: JobExecutor {
    let coordinator: Coordinator
    let body: @Sendable (ClaimedJob<Payload>) throws -> Void

    init(
        _ coordinator: Coordinator,
        _ body: @escaping @Sendable (ClaimedJob<Payload>) throws -> Void
    ) {
        self.coordinator = coordinator
        self.body = body
    }

    var runsCommands: Bool { false }

    private struct Running: RunningJob {
        /// A thread can be neither asked nor made to end.
        func cancel() {}
        func kill() {}
    }

    func start(
        _ job: Job, payload: [UInt8], for member: JobMember,
        whenDone: @escaping @Sendable (JobResult) -> Void
    ) -> any RunningJob {
        do throws(SystemError) {
            try Thread.start {
                do {
                    let claimed = ClaimedJob(
                        job, payload: try Payload(jobPayload: payload), member, coordinator,
                        isManaged: true)
                    do {
                        try body(claimed)
                        whenDone(claimed.isSettled ? .settled : .completed(output: nil))
                    } catch {
                        whenDone(claimed.isSettled ? .settled : JobResult(error))
                    }
                } catch {
                    whenDone(.failed("its payload is not what this worker knows: \(error)"))
                }
            }
        } catch {
            whenDone(.failed("a thread cannot be started: " + error.description))
        }
        return Running()
    }
}

extension JobResult {
    /// What an error of a body says.
    fileprivate init(_ error: any Error) {
        if let control = error as? JobControl {
            self = control.result
        } else if let error = error as? CoordinatorError {
            self = .failed(error.message)
        } else {
            self = .failed("\(error)")
        }
    }
}
