// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The jobs of a store: units of work that are kept until somebody has done them.
///
/// A job is delivered at least once: its claim is durable before the work
/// begins, and a job whose worker dies goes to another. What a worker does to
/// its job is refused once that has another claim.
///
/// Each call here blocks the current thread, for as long as the changes of
/// others take, and has an asynchronous twin of the same name.
public struct Jobs: Sendable {
    package let coordinator: Coordinator

    // MARK: Enqueuing

    /// Enqueues a job. Blocks the current thread.
    ///
    /// - Throws: ``CoordinatorError`` with `invalid` where something is outside
    ///   what Berth accepts, and with `notFound` where it is to wait for a job
    ///   that is not there.
    @discardableResult
    public func enqueue(_ request: JobRequest) throws -> EnqueuedJob {
        try enqueue([request])[0]
    }

    /// Enqueues jobs, all or none. Blocks the current thread.
    ///
    /// - Throws: As for one of them.
    @discardableResult
    public func enqueue(_ requests: [JobRequest]) throws -> [EnqueuedJob] {
        let checked = try requests.map { try $0.checked() }
        let enqueued = try coordinator.write("job.enqueue") { transaction in
            try transaction.enqueue(checked: checked, at: Clock.wallMilliseconds)
        }
        pruneInPassing(enqueued)
        return enqueued
    }

    /// For so many jobs that come, a step of pruning, which looks at four times
    /// as many: nobody else has to.
    private func pruneInPassing(_ enqueued: [EnqueuedJob]) {
        let steps = enqueued.count { $0.outcome == .added && $0.id.rawValue % 64 == 0 }
        if steps > 0, (try? hasEnded()) == true { _ = try? prune(steps: steps) }
    }

    /// Whether there are jobs that have ended: without any, a step would only
    /// cost a transaction.
    private func hasEnded() throws -> Bool {
        try queues().contains { queue in
            JobState.allCases.contains { $0.isFinal && queue.count($0) > 0 }
        }
    }

    /// Enqueues a job, and tells how many workers of its queue know its kind.
    package func enqueueCountingWorkers(
        _ request: JobRequest
    ) throws -> (job: EnqueuedJob, workers: Int) {
        let checked = try request.checked()
        let (job, workers) = try coordinator.write("job.enqueue") { transaction in
            let jobs = try transaction.enqueue(checked: [checked], at: Clock.wallMilliseconds)
            let folder = try PresenceFolder(of: coordinator.path, creating: false)
            let workers = try transaction.workers(
                of: request.queue, kinds: [request.kind],
                isAlive: { try folder?.isAlive($0) == true })
            return (jobs[0], workers)
        }
        pruneInPassing([job])
        return (job, workers)
    }

    /// Those of some queues in which jobs of a kind are to be done, now or
    /// later, and that no worker serves who knows the kind.
    package func withoutWorker(_ queues: [String], kind: String) throws -> [String] {
        let folder = try PresenceFolder(of: coordinator.path, creating: false)
        return try coordinator.write("job.workers", makesStore: false) { transaction in
            try Set(queues).sorted().filter { queue in
                try !transaction.isEmpty(transaction.queueRecord(queue), of: [kind])
                    && transaction.workers(
                        of: queue, kinds: [kind],
                        isAlive: { try folder?.isAlive($0) == true }) == 0
            }
        }
    }

    // MARK: Looking

    /// A job; nil where there is none of that number. Blocks the current
    /// thread, but never waits for a change.
    public func job(_ id: JobID) throws -> Job? {
        guard id.rawValue <= JobID.maximum else { return nil }
        return try coordinator.read { view in
            try view.record(JobRecords.item(id)).map { try Job($0) }
        }
    }

    /// The payload of a job, as JSON; nil where there is no such job.
    public func payload(of id: JobID) throws -> [UInt8]? {
        try job(id).flatMap { try payload(of: $0) }
    }

    /// The payload of a job that is known; nil where it was removed.
    package func payload(of job: Job) throws -> [UInt8]? {
        if let payload = job.shortPayload { return payload }
        return try coordinator.read { try $0.record(JobRecords.payload(job.id))?.value }
    }

    /// The output that a completed job has left, as JSON; nil where there is none.
    public func output(of id: JobID) throws -> [UInt8]? {
        guard id.rawValue <= JobID.maximum else { return nil }
        return try coordinator.read { try $0.record(JobRecords.output(id))?.value }
    }

    /// Jobs, by their numbers and as they were at one moment. Blocks the
    /// current thread, but never waits for a change.
    ///
    /// - Parameters:
    ///   - filter: Which jobs.
    ///   - limit: How many at most, counted from the newest; nil is all.
    /// - Returns: The jobs, the oldest first.
    /// - Throws: ``CoordinatorError``.
    /// - Complexity: O(n) in the number of all jobs.
    public func list(_ filter: JobFilter = JobFilter(), limit: Int? = nil) throws -> [Job] {
        var jobs: [Job] = []
        try coordinator.read { view in
            try view.forEach(prefix: JobRecords.items) { record in
                let job = try Job(record)
                if filter.matches(job) { jobs.append(job) }
                return true
            }
        }
        return limit.map { Array(jobs.suffix($0)) } ?? jobs
    }

    /// What is known of each queue, by its name. Blocks the current thread,
    /// but never waits for a change.
    public func queues() throws -> [JobQueueStatus] {
        try coordinator.read { view in
            var queues: [JobQueueStatus] = []
            try view.forEach(prefix: JobRecords.queues) { record in
                queues.append(JobQueueStatus(try QueueRecord(record)))
                return true
            }
            return queues
        }
    }

    // MARK: Changing

    /// One transaction on jobs that are there, which gives something back: it
    /// may use the room that is kept for a full disk, and makes no store.
    @discardableResult
    package func change<Result>(
        _ name: String, _ body: (inout CoordinatorTransaction) throws -> Result
    ) throws -> Result {
        try coordinator.write("job." + name, isEssential: true, makesStore: false, body)
    }

    /// Cancels a job. Blocks the current thread. See
    /// ``CoordinatorTransaction/cancelJob(_:reason:)``.
    @discardableResult
    public func cancel(
        _ id: JobID, reason: String? = nil
    ) throws -> CoordinatorTransaction.Cancellation {
        try change("cancel") { try $0.cancelJob(id, reason: reason) }
    }

    /// Lets a job run as soon as it can. Blocks the current thread. See
    /// ``CoordinatorTransaction/retryJob(_:)``.
    @discardableResult
    public func retry(_ id: JobID) throws -> Job {
        try change("retry") { try $0.retryJob(id) }
    }

    /// Lets dead letters, or others that have ended, run once more. Blocks the
    /// current thread.
    ///
    /// One beside which another job with its key is to be done is left alone.
    ///
    /// - Parameter filter: Which jobs; where it names no states, the discarded ones.
    /// - Returns: How many run once more.
    /// - Throws: ``CoordinatorError``.
    @discardableResult
    public func redrive(_ filter: JobFilter) throws -> Int {
        var filter = filter
        filter.states = filter.states ?? [.discarded]
        let jobs = try list(filter)
        var redriven = 0
        // In steps that each fit a transaction, and let others in between.
        for start in stride(from: 0, to: jobs.count, by: 500) {
            let part = jobs[start..<min(start + 500, jobs.count)]
            redriven += try change("redrive") { transaction in
                var count = 0
                for job in part {
                    guard let current = try transaction.job(job.id), filter.matches(current)
                    else { continue }
                    do {
                        try transaction.retryJob(job.id)
                        count += 1
                    } catch let error as CoordinatorError where error.code == .unavailable {
                        continue
                    }
                }
                return count
            }
        }
        return redriven
    }

    /// Changes what holds for a queue. Blocks the current thread.
    ///
    /// - Returns: The settings as they are then.
    /// - Throws: What the body throws, and ``CoordinatorError`` with `invalid`
    ///   where a setting or the name is not valid.
    @discardableResult
    public func updateQueue(
        _ name: String, _ body: (inout JobQueueSettings) throws -> Void
    ) throws -> JobQueueSettings {
        try JobRule.check(queue: name)
        return try coordinator.write("job.queue", isEssential: true) {
            try $0.updateQueue(name, body)
        }
    }

    /// Lets no job of a queue, or of one group of it, be claimed until it is
    /// resumed. Blocks the current thread. What runs goes on.
    ///
    /// - Parameters:
    ///   - queue: The queue.
    ///   - group: See ``JobRequest/group``; nil is the whole queue.
    /// - Throws: ``CoordinatorError`` with `invalid` where a name is not valid,
    ///   or 64 groups of the queue are paused already.
    public func pause(_ queue: String, group: String? = nil) throws {
        try updateQueue(queue) { $0.pause(group, true) }
    }

    /// Lets jobs of a queue, or of a group that was paused by itself, be claimed
    /// again. Blocks the current thread.
    public func resume(_ queue: String, group: String? = nil) throws {
        try updateQueue(queue) { $0.pause(group, false) }
    }

    /// Removes ended jobs that have been kept long enough, or are too many,
    /// and their logs. Blocks the current thread.
    ///
    /// Nobody needs to: enqueuing does it in passing.
    ///
    /// - Parameter steps: How many steps of some hundred jobs; nil is all.
    /// - Returns: How many jobs are removed.
    /// - Throws: ``CoordinatorError``.
    @discardableResult
    public func prune(steps: Int? = nil) throws -> Int {
        var count = 0
        var done = 0
        var isAtEnd = false
        var known: [JobID] = []
        while done < steps ?? .max && !isAtEnd {
            let step = try change("prune") { try $0.pruneStep(at: Clock.wallMilliseconds) }
            JobLog.remove(
                step.before == known ? step.removed : step.before + step.removed,
                in: coordinator.path)
            known = step.removed
            count += known.count
            done += 1
            isAtEnd = step.isAtEnd
        }
        return count
    }

    func known(_ id: JobID) throws -> Job {
        guard let job = try job(id) else {
            throw CoordinatorError(.notFound, "there is no job " + id.description)
        }
        return job
    }
}

extension Coordinator {
    /// The jobs of the store.
    public var jobs: Jobs { Jobs(coordinator: self) }
}
