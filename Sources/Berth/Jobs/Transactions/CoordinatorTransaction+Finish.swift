// SPDX-License-Identifier: Apache-2.0

import BerthStore

// What the worker of a job does to it. Each call names the claim by its token,
// and is refused where the job has another one by now, or none: a worker that
// was stopped for too long, and lost its job, can change nothing.
extension CoordinatorTransaction {
    /// Ends a job's attempt with success.
    ///
    /// - Parameters:
    ///   - id: The job.
    ///   - token: That of the claim.
    ///   - output: JSON of at most 64 KiB that is kept with the job.
    /// - Returns: The job as it is then.
    /// - Throws: ``CoordinatorError`` with `stale` where the job is no longer
    ///   claimed with this token, `notFound` where there is none, `invalid`
    ///   where the output is no JSON or too large.
    @discardableResult
    public mutating func completeJob(
        _ id: JobID, token: UInt64, output: [UInt8]? = nil
    ) throws -> Job {
        let output = try output.map {
            try JobRule.compact($0, "the output", limit: JobRule.maximumPayload)
        }
        // Whoever was not told that it is done may say so again.
        let job = try knownJob(id)
        if job.state == .completed, job.lastToken == token { return job }
        return try finish(job, token) { job, transaction, queue, now in
            if let output {
                try transaction.base.set(JobRecords.output(id), output)
                job.hasOutput = true
            }
            job.reason = nil
            try transaction.move(&job, by: .complete, &queue, at: now)
        }
    }

    /// Ends a job's attempt with a failure: the job is tried again after its
    /// backoff, or is discarded where that was its last attempt.
    ///
    /// - Parameters:
    ///   - id: The job.
    ///   - token: That of the claim.
    ///   - message: Why; the first 500 bytes are kept.
    ///   - delay: How long to wait in place of the backoff.
    ///   - isFinal: Whether no further attempt is to be made.
    /// - Returns: The job as it is then.
    /// - Throws: As `completeJob(_:token:output:)`.
    @discardableResult
    public mutating func failJob(
        _ id: JobID, token: UInt64, message: String, retryAfter delay: Duration? = nil,
        isFinal: Bool = false
    ) throws -> Job {
        if let delay { try JobRule.check(duration: delay, "the delay") }
        return try finish(knownJob(id), token) { job, transaction, queue, now in
            try transaction.fail(&job, message, after: delay, isFinal: isFinal, &queue, at: now)
        }
    }

    /// Puts a job off, without a failure: the attempt does not count.
    ///
    /// - Returns: The job as it is then.
    /// - Throws: As `completeJob(_:token:output:)`.
    @discardableResult
    public mutating func snoozeJob(
        _ id: JobID, token: UInt64, for delay: Duration
    ) throws -> Job {
        try JobRule.check(duration: delay, "the delay")
        return try handBack(id, token) { job, transaction, queue, now in
            job.attempt -= 1
            job.snoozes += 1
            job.runAt = min(now + delay.milliseconds, JobRequest.latest)
            try transaction.move(&job, by: .snooze, &queue, at: now)
        }
    }

    /// Hands a job back, to be claimed by another: the attempt does not count.
    ///
    /// - Returns: The job as it is then.
    /// - Throws: As `completeJob(_:token:output:)`.
    @discardableResult
    public mutating func releaseJob(_ id: JobID, token: UInt64) throws -> Job {
        try handBack(id, token) { job, transaction, queue, now in
            job.attempt -= 1
            try transaction.move(&job, by: .requeue, &queue, at: now)
        }
    }

    /// Gives a job up: it is cancelled, and not tried again.
    ///
    /// - Returns: The job as it is then.
    /// - Throws: As `completeJob(_:token:output:)`.
    @discardableResult
    public mutating func giveUpJob(
        _ id: JobID, token: UInt64, reason: String
    ) throws -> Job {
        try finish(knownJob(id), token) { job, transaction, queue, now in
            job.note(JobFailure(attempt: job.attempt, at: now, message: reason))
            job.reason = JobRule.cut(reason, to: 255)
            try transaction.move(&job, by: .cancel, &queue, at: now)
        }
    }

    /// Lets a claim last so long from now on.
    ///
    /// - Returns: The job as it is then.
    /// - Throws: As `completeJob(_:token:output:)`, and with `invalid` where
    ///   the claim has no lease.
    @discardableResult
    public mutating func extendJob(
        _ id: JobID, token: UInt64, by lease: Duration
    ) throws -> Job {
        try JobRule.check(duration: lease, "the lease")
        var job = try claimedJob(id, token)
        guard job.claim?.leaseEnd != nil else {
            throw CoordinatorError(
                .invalid, "the claim of job " + id.description + " has no end that could be put off"
            )
        }
        job.claim?.leaseEnd = Clock.boot / 1_000_000 + UInt64(clamping: lease.milliseconds)
        try write(job)
        if let claim = job.claim {
            try noteRunning(job, claim)
        }
        return job
    }

    /// Says how far a job's attempt has come.
    ///
    /// - Returns: The job as it is then.
    /// - Throws: As `completeJob(_:token:output:)`.
    @discardableResult
    public mutating func setProgress(
        _ progress: JobProgress, ofJob id: JobID, token: UInt64
    ) throws -> Job {
        var job = try claimedJob(id, token)
        job.progress = progress
        try write(job)
        ring(.ends(of: job.queue))
        return job
    }

    // MARK: The claim

    /// A job, where it is still claimed with a token.
    func claimedJob(_ id: JobID, _ token: UInt64) throws -> Job {
        let job = try knownJob(id)
        try check(job, isClaimedWith: token)
        return job
    }

    private func check(_ job: Job, isClaimedWith token: UInt64) throws(CoordinatorError) {
        guard job.state == .running, job.claim?.token == token else {
            throw CoordinatorError(
                .stale,
                "job " + job.id.description + " is no longer claimed with the token "
                    + String(token) + ": it is " + job.state.rawValue
                    + ", and this attempt changes nothing")
        }
    }

    private mutating func finish(
        _ claimed: Job, _ token: UInt64,
        _ body: (inout Job, inout CoordinatorTransaction, inout QueueRecord, Int64) throws -> Void
    ) throws -> Job {
        try check(claimed, isClaimedWith: token)
        var job = claimed
        var queue = try queueRecord(job.queue)
        try body(&job, &self, &queue, Clock.wallMilliseconds)
        try write(queue)
        return job
    }

    /// Ends an attempt that was not to come to its end; a job that is to be
    /// cancelled is not tried again.
    private mutating func handBack(
        _ id: JobID, _ token: UInt64,
        _ body: (inout Job, inout CoordinatorTransaction, inout QueueRecord, Int64) throws -> Void
    ) throws -> Job {
        try finish(knownJob(id), token) { job, transaction, queue, now in
            guard job.isBeingCancelled else { return try body(&job, &transaction, &queue, now) }
            try transaction.cancelRunning(&job, &queue, at: now)
        }
    }

    private mutating func cancelRunning(
        _ job: inout Job, _ queue: inout QueueRecord, at now: Int64
    ) throws {
        job.reason = job.reason ?? "cancelled while it ran"
        try move(&job, by: .cancel, &queue, at: now)
    }

    /// Notes a failure, and decides what follows from it.
    mutating func fail(
        _ job: inout Job, _ message: String, after delay: Duration?, isFinal: Bool,
        _ queue: inout QueueRecord, at now: Int64
    ) throws {
        job.note(JobFailure(attempt: job.attempt, at: now, message: message))
        if job.isBeingCancelled {
            return try cancelRunning(&job, &queue, at: now)
        }
        if isFinal || job.attempt >= job.maximumAttempts {
            return try move(&job, by: .discard, &queue, at: now)
        }
        let delay =
            delay
            ?? job.backoff.delay(after: job.attempt, jitter: Double.random(in: -1...1))
        job.runAt = min(now + delay.milliseconds, JobRequest.latest)
        try move(&job, by: .retryLater, &queue, at: now)
    }
}
