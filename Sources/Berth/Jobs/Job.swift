// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// A job as it was at one moment. All times are milliseconds since 1970.
public struct Job: Hashable, Sendable {
    /// Its number.
    public let id: JobID
    /// Its queue.
    public let queue: String
    /// When it was enqueued.
    public let created: Int64
    /// What workers have to know of to claim it.
    public internal(set) var kind: String
    /// What it is about to do, does, or has done.
    public internal(set) var state: JobState
    /// Smaller ones first.
    public internal(set) var priority: Int
    /// When it may run at the earliest; nil is at once.
    public internal(set) var runAt: Int64?
    /// The number of its current or last attempt; 0 before the first. What is
    /// not counted, a snooze or the death of a worker, takes it back by one.
    public internal(set) var attempt = 0
    /// How often it is tried.
    public internal(set) var maximumAttempts: Int
    /// How long it waits between attempts.
    public internal(set) var backoff: JobBackoff
    /// How long an attempt may take.
    public internal(set) var timeout: Duration?
    /// The key that is its own among the jobs of its queue.
    public internal(set) var key: String?
    /// Of the jobs of a group only so many run at once.
    public internal(set) var group: String?
    /// Words to find it by.
    public internal(set) var tags: [String]
    /// JSON for the program's own use.
    public internal(set) var metadata: [UInt8]?
    /// What had to end before.
    public let after: [JobDependency]
    /// How often its worker died.
    public internal(set) var rescues = 0
    /// How often its worker put it off.
    public internal(set) var snoozes = 0
    /// Who is at it; nil where it does not run.
    public internal(set) var claim: JobClaim?
    /// How far its attempt has come, where the worker says so.
    public internal(set) var progress: JobProgress?
    /// Why its last attempts failed, the newest last; at most ten.
    public internal(set) var failures: [JobFailure] = []
    /// When it ended.
    public internal(set) var finished: Int64?
    /// Why it was cancelled or discarded, in other cases than a failure.
    public internal(set) var reason: String?
    /// Whether its worker has been told to end it.
    public internal(set) var isBeingCancelled = false

    /// The token of its last claim; 0 before the first.
    var lastToken: UInt64 = 0
    /// Its place in its lane while it waits: when it may run, or came.
    var order: UInt64
    /// Those of ``after`` that have not ended yet.
    var pending: [JobDependency] = []
    /// Its payload, where that is short; nil where it has a record of its own.
    var shortPayload: [UInt8]?
    /// Whether others wait, or have waited, for its end.
    var hasDependents = false
    /// Whether it has an output.
    var hasOutput = false

    /// How long a payload may be that is kept in the job's own record.
    static var longestShortPayload: Int { 512 }

    /// A new job, in no state yet.
    init(_ request: JobRequest, id: JobID, created: Int64) {
        self.id = id
        self.created = created
        queue = request.queue
        kind = request.kind
        state = .available
        priority = request.priority
        maximumAttempts = request.maximumAttempts
        backoff = request.backoff
        timeout = request.timeout
        key = request.key
        group = request.group
        tags = request.tags
        metadata = request.metadata
        after = request.after
        order = 0
        runAt = request.time(at: created)
        if request.payload.count <= Self.longestShortPayload { shortPayload = request.payload }
    }

    /// Its lane while it waits.
    var lane: JobLane {
        JobLane(priority: priority, isTimed: state != .available, kind: kind)
    }

    var place: JobPlace { JobPlace(order: order, id: id) }

    mutating func note(_ failure: JobFailure) {
        failures.append(failure)
        if failures.count > JobRule.maximumErrors { failures.removeFirst() }
    }
}

/// Why an attempt failed, or did not come to an end.
public struct JobFailure: Hashable, Sendable {
    /// The number of the attempt.
    public let attempt: Int
    /// When, in milliseconds since 1970.
    public let at: Int64
    /// What the worker said, at most 500 bytes of it.
    public let message: String

    init(attempt: Int, at moment: Int64, message: String) {
        self.attempt = attempt
        at = moment
        self.message = JobRule.cut(message, to: JobRule.maximumError)
    }
}

/// How far an attempt has come.
public struct JobProgress: Hashable, Sendable {
    /// From 0 to 100.
    public let percent: Int
    /// What the worker says of it; at most 255 bytes.
    public let message: String?

    /// Checks what a worker says.
    ///
    /// - Throws: ``CoordinatorError`` with `invalid`.
    public init(percent: Int, message: String? = nil) throws(CoordinatorError) {
        guard (0...100).contains(percent) else {
            throw CoordinatorError(.invalid, "progress is from 0 to 100 percent")
        }
        if let message { try JobRule.check(text: message, "the message") }
        self.percent = percent
        self.message = message
    }

    init(_ fields: JSONFields) {
        percent = fields.integer("percent") ?? 0
        message = fields.string("message")
    }
}

extension JobRequest {
    /// When the job may run; nil is at once.
    func time(at now: Int64) -> Int64? {
        if let delay {
            let (time, overflowed) = now.addingReportingOverflow(delay.milliseconds)
            return delay > .zero ? min(overflowed ? Self.latest : time, Self.latest) : nil
        }
        return runAt.flatMap { $0 > now ? $0 : nil }
    }
}
