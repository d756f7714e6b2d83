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

    /// Once in so many jobs, a step of pruning: nobody else has to.
    private func pruneInPassing(_ enqueued: [EnqueuedJob]) {
        let isDue = enqueued.contains { $0.outcome == .added && $0.id.rawValue % 64 == 0 }
        if isDue { _ = try? prune(steps: 1) }
    }

    /// Enqueues a job, and tells how many workers serve its queue.
    package func enqueueCountingWorkers(
        _ request: JobRequest
    ) throws -> (job: EnqueuedJob, workers: Int) {
        let checked = try request.checked()
        let (job, workers) = try coordinator.write("job.enqueue") { transaction in
            let jobs = try transaction.enqueue(checked: [checked], at: Clock.wallMilliseconds)
            let folder = try PresenceFolder(of: coordinator.path, creating: false)
            let workers = try transaction.workers(of: request.queue) { member in
                try folder?.isAlive(member) == true
            }
            return (jobs[0], workers)
        }
        pruneInPassing([job])
        return (job, workers)
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
        guard let job = try job(id) else { return nil }
        if let payload = job.shortPayload { return payload }
        return try coordinator.read { try $0.record(JobRecords.payload(id))?.value }
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

    // MARK: Claiming

    /// Claims jobs for a process that is not a worker of Berth, such as a
    /// shell script. Blocks the current thread, but waits for no job: what
    /// others have is passed over.
    ///
    /// - Parameters:
    ///   - queue: The queue.
    ///   - limit: How many at most.
    ///   - kinds: Of these kinds only; nil is all.
    ///   - process: The process that does them; when it dies they are free
    ///     again. Nil where a lease alone tells.
    ///   - lease: How long the claims last without a renewal; without one, and
    ///     without a process, 15 minutes.
    ///   - timeout: How long to wait where there is nothing to claim.
    /// - Returns: The jobs, each with its claim; none where there was nothing
    ///   that might be claimed.
    /// - Throws: ``CoordinatorError`` with `notFound` where there is no such process.
    public func claim(
        from queue: String, limit: Int = 1, kinds: [String]? = nil,
        forProcess process: Int32? = nil,
        lease: Duration? = nil, timeout: Duration = .zero
    ) throws -> [Job] {
        try JobRule.check(queue: queue)
        guard (1...10_000).contains(limit) else {
            throw CoordinatorError(.invalid, "1 to 10000 jobs can be claimed at once")
        }
        if let lease {
            try JobRule.check(duration: lease, "the lease")
            if lease.milliseconds == 0 {
                throw CoordinatorError(.invalid, "the lease is less than a millisecond")
            }
        }
        let request = ClaimRequest(
            queue: queue, limit: limit, kinds: kinds, holder: try Self.holder(process),
            proof: process == nil ? .lease : .process,
            lease: lease ?? (process == nil ? Self.defaultLease : nil))
        let deadline = Deadline(after: timeout)
        return try coordinator.wait(for: [.jobs(of: queue)], until: deadline) { () -> Look in
            try rescue()
            let now = Clock.wallMilliseconds
            let outcome = try coordinator.write("job.claim") {
                try $0.claim(request, at: now)
            }
            report(outcome, of: queue)
            if !outcome.jobs.isEmpty { return .found(outcome.jobs) }
            let due = outcome.nextDue.map { JobWorker.deadline(of: $0, now) }
            return .nothing(until: Deadline.sooner(due, try JobRescue(coordinator).run().next))
        } ?? []
    }

    private func report(_ outcome: ClaimOutcome, of queue: String) {
        if outcome.jobs.isEmpty && outcome.skipped == 0 { return }
        coordinator.events.report(
            .jobClaimed,
            [
                .text("queue", queue), .number("count", outcome.jobs.count),
                .number("skipped", outcome.skipped),
            ])
    }

    /// How long a claim lasts of which nothing else tells the end.
    public static var defaultLease: Duration { .seconds(900) }

    private static func holder(_ process: Int32?) throws(CoordinatorError) -> Holder {
        do throws(SystemError) {
            guard let process else { return try .current() }
            if let holder = try Holder.living(process) { return holder }
        } catch {
            throw .system("cannot look at the process", error)
        }
        throw CoordinatorError(
            .notFound, "there is no process " + (process.map { String($0) } ?? ""))
    }

    /// Takes back the jobs of those who died, and those whose claims have
    /// ended. Blocks the current thread until the commands that such jobs had
    /// started have been ended.
    ///
    /// Nobody needs to while a worker lives, whatever its queue: it does so at once.
    ///
    /// - Returns: How many jobs may be claimed again.
    /// - Throws: ``CoordinatorError``.
    @discardableResult
    public func rescue() throws -> Int {
        let isAnythingRunning = try coordinator.read { view in
            var isRunning = false
            try view.forEach(prefix: JobRecords.running) { _ in
                isRunning = true
                return false
            }
            return isRunning
        }
        return isAnythingRunning
            ? try JobRescue(coordinator).run(waitingForCommands: true).rescued : 0
    }

    /// The same, for one who only looks, and may not be allowed to do more.
    package func rescueWhereAllowed() throws {
        do {
            try rescue()
        } catch let error as CoordinatorError where error.code == .permission {
            return
        }
    }

    // MARK: Changing

    /// One transaction on jobs, which gives something back: it may use the
    /// room that is kept for a full disk.
    @discardableResult
    package func change<Result>(
        _ name: String, _ body: (inout CoordinatorTransaction) throws -> Result
    ) throws -> Result {
        try coordinator.write("job." + name, isEssential: true, body)
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
    /// - Parameter filter: Which jobs; where it names no states, the discarded ones.
    /// - Returns: How many there were.
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
                    try transaction.retryJob(job.id)
                    count += 1
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
        return try change("queue") { try $0.updateQueue(name, body) }
    }

    /// Lets no job of a queue be claimed until it is resumed. Blocks the
    /// current thread. What runs goes on.
    public func pause(_ queue: String) throws {
        try updateQueue(queue) { $0.isPaused = true }
    }

    /// Lets jobs of a queue be claimed again. Blocks the current thread.
    public func resume(_ queue: String) throws {
        try updateQueue(queue) { $0.isPaused = false }
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
        while done < steps ?? .max {
            let (removed, isAtEnd) = try change("prune") {
                try $0.pruneStep(at: Clock.wallMilliseconds)
            }
            for id in removed { JobLog.remove(id, in: coordinator.path) }
            count += removed.count
            done += 1
            if isAtEnd { break }
        }
        return count
    }

    // MARK: Waiting

    /// What is waited for.
    public enum Goal: Hashable, Sendable {
        /// That all of these jobs have ended, or are in one of these states.
        case jobs([JobID], states: Set<JobState>?)
        /// That no job of a queue waits or runs.
        case emptyQueue(String)
        /// That no job of a queue runs.
        case idleQueue(String)
    }

    /// Waits until something has come about. Blocks the current thread; it
    /// sleeps, and is woken.
    ///
    /// - Parameters:
    ///   - goal: What is waited for.
    ///   - timeout: How long at most; nil waits without an end.
    /// - Returns: The jobs that were named, as they are then; none for a queue.
    /// - Throws: ``CoordinatorError`` with `timedOut`, with `notFound` where
    ///   there is no such job, and with `unavailable` where one has ended and
    ///   will not come to any of the states.
    public func wait(for goal: Goal, timeout: Duration? = nil) throws -> [Job] {
        try wait(for: goal, timeout: timeout, nil)
    }

    func wait(
        for goal: Goal, timeout: Duration?, _ cancellation: BerthStore.Cancellation?
    ) throws -> [Job] {
        try rescue()
        let found = try coordinator.wait(
            for: try interests(of: goal), until: timeout.map { Deadline(after: $0) }, cancellation
        ) { () throws -> Look<[Job]> in
            let jobs = try coordinator.write("job.wait") { try $0.jobs(for: goal) }
            if let jobs { return .found(jobs) }
            return .nothing(until: try JobRescue(coordinator).run().next)
        }
        guard let found else {
            throw CoordinatorError(.timedOut, "what was waited for has not come about in time")
        }
        return found
    }

    private func interests(of goal: Goal) throws -> [Interest] {
        switch goal {
        case .emptyQueue(let queue), .idleQueue(let queue):
            try JobRule.check(queue: queue)
            return [.ends(of: queue)]
        case .jobs(let ids, _):
            let queues = Set(try ids.map { try known($0).queue })
            return queues.map { .ends(of: $0) }
        }
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

/// A queue as it was at one moment.
public struct JobQueueStatus: Hashable, Sendable {
    /// Its name.
    public let name: String
    /// What holds for it.
    public let settings: JobQueueSettings
    private let counts: [JobState: Int]

    /// How many jobs it has in a state.
    public func count(_ state: JobState) -> Int { counts[state] ?? 0 }

    init(_ record: QueueRecord) {
        name = record.name
        settings = record.settings
        counts = Dictionary(
            uniqueKeysWithValues: JobState.allCases.map { ($0, record.count($0)) })
    }
}

extension CoordinatorTransaction {
    /// The jobs of a goal that has been reached; nil where it has not.
    fileprivate func jobs(for goal: Jobs.Goal) throws -> [Job]? {
        switch goal {
        case .emptyQueue(let name):
            let queue = try queueRecord(name)
            return queue.waiting + queue.count(.running) == 0 ? [] : nil
        case .idleQueue(let name):
            return try queueRecord(name).count(.running) == 0 ? [] : nil
        case .jobs(let ids, let states):
            var jobs: [Job] = []
            for id in ids {
                let job = try knownJob(id)
                guard let states else {
                    if !job.state.isFinal { return nil }
                    jobs.append(job)
                    continue
                }
                if !states.contains(job.state) {
                    if !job.state.isFinal { return nil }
                    throw CoordinatorError(
                        .unavailable,
                        "job " + id.description + " has ended: it is " + job.state.rawValue)
                }
                jobs.append(job)
            }
            return jobs
        }
    }
}
