// SPDX-License-Identifier: Apache-2.0

import BerthStore

// What anybody may do to jobs and queues, without a claim.
extension CoordinatorTransaction {
    /// What became of the wish that a job be cancelled.
    public enum Cancellation: Hashable, Sendable {
        /// It will not run any more.
        case cancelled
        /// It runs, and its worker has been told to end it.
        case requested
        /// It had ended already, in this state.
        case ended(JobState)
    }

    /// Cancels a job. One that a worker of Berth is at is ended by that worker;
    /// one that another program has claimed is taken from it: its token is
    /// stale from then on.
    ///
    /// - Parameters:
    ///   - id: The job.
    ///   - reason: Why, for people.
    /// - Returns: What became of it.
    /// - Throws: ``CoordinatorError`` with `notFound` where there is no such job.
    @discardableResult
    public mutating func cancelJob(_ id: JobID, reason: String? = nil) throws -> Cancellation {
        var job = try knownJob(id)
        if job.state.isFinal { return .ended(job.state) }
        if let reason { try JobRule.check(text: reason, "the reason") }
        job.reason = reason
        if job.state == .running, let member = job.claim?.member {
            job.isBeingCancelled = true
            try write(job)
            ring(.orders(for: member))
            return .requested
        }
        var queue = try queueRecord(job.queue)
        try move(&job, by: .cancel, &queue, at: Clock.wallMilliseconds)
        try write(queue)
        return .cancelled
    }

    /// Lets a job that has ended, or waits for its time, run as soon as it
    /// can. One that had ended has all its attempts again.
    ///
    /// - Returns: The job as it is then.
    /// - Throws: ``CoordinatorError`` with `notFound` where there is no such
    ///   job, with `invalid` where it runs or is blocked, and with
    ///   `unavailable` where it had ended, and another job with its key is to
    ///   be done by now.
    @discardableResult
    public mutating func retryJob(_ id: JobID) throws -> Job {
        var job = try knownJob(id)
        if job.state == .available { return job }
        if job.state.isFinal {
            if let rival = try takeKey(of: job) {
                throw CoordinatorError(
                    .unavailable,
                    "job " + id.description + " is not tried again beside job "
                        + rival.description + ", which has its key and is to be done")
            }
            job.attempt = 0
            job.rescues = 0
            job.finished = nil
            job.reason = nil
            job.progress = nil
            job.hasOutput = false
            base.delete(JobRecords.output(id))
        }
        job.runAt = nil
        var queue = try queueRecord(job.queue)
        try move(&job, by: .revive, &queue, at: Clock.wallMilliseconds)
        try write(queue)
        return job
    }

    /// Gives a job that had ended its key again; the number of another that has
    /// it and is still to be done, where there is one.
    private mutating func takeKey(of job: Job) throws -> JobID? {
        guard let key = job.key.map({ JobRecords.key(job.queue, $0) }) else { return nil }
        let owner = try base.record(key).flatMap { UInt64(decimal: $0.value[...]) }
        if let owner, owner != job.id.rawValue,
            let other = try self.job(JobID(rawValue: owner)), !other.state.isFinal
        {
            return other.id
        }
        if owner != job.id.rawValue { try base.set(key, JobRecords.value(job.id.rawValue)) }
        return nil
    }

    /// Changes what holds for a queue.
    ///
    /// - Returns: The settings as they are then.
    /// - Throws: What the body throws, and ``CoordinatorError`` with `invalid`
    ///   where a setting or the name is not valid.
    @discardableResult
    public mutating func updateQueue(
        _ name: String, _ body: (inout JobQueueSettings) throws -> Void
    ) throws -> JobQueueSettings {
        try JobRule.check(queue: name)
        var queue = try queueRecord(name)
        try body(&queue.settings)
        try queue.settings.check()
        try write(queue)
        ring(.jobs(of: name))
        ring(.ends(of: name))
        return queue.settings
    }

    // MARK: Workers

    /// Notes that a member serves a queue with the kinds that it knows, nil for
    /// all; false where as many as may be live that know one of them.
    mutating func register(
        _ member: String, for queue: String, kinds: [String]?, atMost limit: Int?,
        isAlive: (String) throws -> Bool
    ) throws -> Bool {
        // Itself it may find where it was not told how its last try came out.
        let present = try workers(of: queue, kinds: kinds) {
            try $0 != member && isAlive($0)
        }
        if let limit, present >= limit { return false }
        try base.set(JobRecords.worker(member, of: queue), WorkerEntry(kinds: kinds).json)
        return true
    }

    /// How many living workers of a queue know one of some kinds. Those that
    /// died are forgotten.
    mutating func workers(
        of queue: String, kinds: [String]?, isAlive: (String) throws -> Bool
    ) throws -> Int {
        let prefix = JobRecords.workers(of: queue)
        var members: [(name: String, entry: WorkerEntry)] = []
        try base.forEach(prefix: prefix) { record in
            let name = String(record.key.text.dropFirst(prefix.utf8.count))
            members.append((name, WorkerEntry(record.value)))
            return true
        }
        var living = 0
        for member in members {
            if try !isAlive(member.name) {
                base.delete(JobRecords.worker(member.name, of: queue))
            } else if member.entry.knows(oneOf: kinds) {
                living += 1
            }
        }
        return living
    }

    mutating func unregister(_ member: String, from queue: String) {
        base.delete(JobRecords.worker(member, of: queue))
    }
}

/// The entry of a worker among those of a queue.
struct WorkerEntry: Hashable {
    /// The kinds of jobs that it knows; nil is all.
    let kinds: [String]?

    init(kinds: [String]?) {
        self.kinds = kinds
    }

    /// Whether it knows one of some kinds; nil is all.
    func knows(oneOf other: [String]?) -> Bool {
        guard let kinds, let other else { return true }
        return kinds.contains { other.contains($0) }
    }

    /// `["job"]`, or `null`
    var json: [UInt8] {
        guard let kinds else { return Array("null".utf8) }
        var writer = JSONWriter()
        writer.beginArray()
        for kind in kinds { writer.value(kind) }
        writer.endArray()
        return writer.bytes
    }

    init(_ json: [UInt8]) {
        kinds = JSONScan.elements(of: json[...])?.compactMap { JSONScan.string($0) }
    }
}

extension JobRecords {
    /// The workers of a queue, by the names of their presences.
    static func workers(of queue: String) -> String { "job/worker/" + queue + "/" }
    static func worker(_ member: String, of queue: String) -> RecordKey {
        RecordKey(workers(of: queue) + member)
    }
}
