// SPDX-License-Identifier: Apache-2.0

/// A job that is to be enqueued.
public struct JobRequest: Hashable, Sendable {
    /// How a job with the same key is met.
    public enum Conflict: Hashable, Sendable {
        /// The job that is there stays as it is.
        case skip
        /// The job that is there gets the new one's payload and all else; one
        /// that is running is left alone, and the new one comes beside it.
        case replace
        /// The same, but the time for which it is scheduled stays.
        case keepRunAt
    }

    /// The queue, which is made by its first job.
    public var queue: String
    /// What workers have to know of to claim it.
    public var kind: String
    /// JSON of at most 64 KiB, kept as it is but for white space.
    public var payload: [UInt8]
    /// Smaller ones first: 0 to 99.
    public var priority = 0
    /// When it may run at the earliest, in milliseconds since 1970; nil is at once.
    public var runAt: Int64?
    /// How long it waits from now on; adds to nothing, and excludes ``runAt``.
    public var delay: Duration?
    /// How often it is tried: 1 to 1000.
    public var maximumAttempts = defaultAttempts
    /// How long it waits between attempts.
    public var backoff = JobBackoff.standard()
    /// How long an attempt may take; nil is for ever.
    public var timeout: Duration?
    /// There is only one job of a queue with this key among those in the
    /// states of ``uniqueStates``: 1 to 255 bytes.
    public var key: String?
    /// What happens where there is one.
    public var conflict = Conflict.skip
    /// The states in which a job keeps others with its key away.
    public var uniqueStates: Set<JobState> = [
        .scheduled, .available, .running, .retryable, .blocked,
    ]
    /// Of jobs of a queue with the same one, only as many run at once as the
    /// queue allows; see ``JobQueueSettings/limitPerGroup``.
    public var group: String?
    /// Words to find it by: at most 16 of 1 to 255 bytes.
    public var tags: [String] = []
    /// JSON of at most 4 KiB for the program's own use.
    public var metadata: [UInt8]?
    /// What has to have ended before.
    public var after: [JobDependency] = []

    /// How often a job is tried that says nothing else.
    public static var defaultAttempts: Int { 20 }

    /// The kind of jobs that say nothing else.
    public static var defaultKind: String { "job" }

    /// A job with a payload of JSON.
    public init(queue: String, payload: [UInt8], kind: String = defaultKind) {
        self.queue = queue
        self.payload = payload
        self.kind = kind
    }
}

/// What became of a request to enqueue a job.
public struct EnqueuedJob: Hashable, Sendable {
    /// What was done.
    public enum Outcome: String, Hashable, Sendable {
        /// It is a new job.
        case added
        /// A job with its key was there, and stays as it is.
        case existing
        /// A job with its key was there, and is now as the request says.
        case replaced
    }

    /// The job, new or not.
    public let id: JobID
    /// What was done.
    public let outcome: Outcome
}

extension JobRequest {
    /// The same request with what it says in the form in which it is kept.
    ///
    /// - Throws: `invalid` where something is outside what Berth accepts.
    func checked() throws(CoordinatorError) -> JobRequest {
        try JobRule.check(queue: queue)
        try JobRule.check(kind: kind)
        guard JobRule.priorities.contains(priority) else {
            throw CoordinatorError(.invalid, "the priority is not from 0 to 99")
        }
        guard JobRule.attempts.contains(maximumAttempts) else {
            throw CoordinatorError(.invalid, "the maximum of attempts is not from 1 to 1000")
        }
        if let key { try JobRule.check(text: key, "the key of the job") }
        if let group { try JobRule.check(text: group, "the group of the job") }
        if tags.count > JobRule.maximumTags {
            throw CoordinatorError(.invalid, "a job has at most 16 tags")
        }
        for tag in tags { try JobRule.check(text: tag, "a tag of the job") }
        if after.count > JobRule.maximumDependencies {
            throw CoordinatorError(.invalid, "a job waits for at most 256 others")
        }
        if let delay {
            try JobRule.check(duration: delay, "the delay")
            if runAt != nil {
                throw CoordinatorError(.invalid, "a delay and a time exclude each other")
            }
        }
        if let runAt, runAt < 0 || runAt > Self.latest {
            throw CoordinatorError(.invalid, "the time of the job is out of range")
        }
        if let timeout {
            try JobRule.check(duration: timeout, "the timeout")
            if timeout.milliseconds == 0 {
                throw CoordinatorError(.invalid, "the timeout is less than a millisecond")
            }
        }
        try JobRule.check(duration: backoff.cap, "the longest backoff")
        if case .doubling(let first) = backoff.curve {
            try JobRule.check(duration: first, "the backoff")
        }
        if key == nil && conflict != .skip {
            throw CoordinatorError(.invalid, "only a job with a key can replace another")
        }
        if conflict != .skip && !after.isEmpty {
            // It could close a circle: those it is to wait for may wait for it.
            throw CoordinatorError(
                .invalid, "a job that replaces another cannot be made to wait for others")
        }
        var checked = self
        checked.payload = try JobRule.compact(
            payload, "the payload", limit: JobRule.maximumPayload)
        if let metadata {
            checked.metadata = try JobRule.compact(
                metadata, "the metadata", limit: JobRule.maximumMetadata)
        }
        return checked
    }

    /// The latest time that fits the 13 digits in which times are kept: in the year 2286.
    static var latest: Int64 { 9_999_999_999_999 }
}
