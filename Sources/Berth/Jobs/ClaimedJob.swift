// SPDX-License-Identifier: Apache-2.0

import BerthStore
import Synchronization

/// A job that this process has claimed, and its payload.
///
/// It is this process's until one of its methods has ended the attempt, or the
/// process dies: then another may claim it at once. One that is let go without
/// either is handed back.
///
/// Each method blocks the current thread; each has an asynchronous twin.
public final class ClaimedJob<Payload: Sendable>: Sendable {
    /// The job as it was when it was claimed.
    public let job: Job
    /// What is to be done.
    public let payload: Payload
    /// What tells this claim from every other of the job. With it, a
    /// transaction can end the attempt together with the work's own changes:
    /// ``CoordinatorTransaction/completeJob(_:token:output:)``.
    public let token: UInt64

    private let coordinator: Coordinator
    /// Keeps the presence that the claim rests on.
    private let member: JobMember
    /// Whether the loop of a worker ends the attempt, where nobody else does.
    private let isManaged: Bool
    /// When the work began, on the monotonic clock.
    private let began = Clock.monotonic
    private let settled = Atomic(false)

    /// Its number.
    public var id: JobID { job.id }
    /// The number of this attempt, from 1.
    public var attempt: Int { job.attempt }

    init(
        _ job: Job, payload: Payload, _ member: JobMember, _ coordinator: Coordinator,
        isManaged: Bool
    ) {
        self.job = job
        self.payload = payload
        self.member = member
        self.coordinator = coordinator
        self.isManaged = isManaged
        token = job.claim?.token ?? 0
    }

    deinit {
        if isManaged || isSettled { return }
        let (id, token, coordinator, member) = (job.id, token, coordinator, member)
        try? Thread.start {
            // The member stays until the job is back.
            withExtendedLifetime(member) {
                _ = try? coordinator.jobs.change("release") {
                    try $0.releaseJob(id, token: token)
                }
            }
        }
    }

    /// Whether a method has ended the attempt.
    var isSettled: Bool { settled.load(ordering: .acquiring) }

    private func settle(
        _ name: String, _ body: (inout CoordinatorTransaction) throws -> Job
    ) throws {
        let ended = Clock.monotonic
        do {
            let after = try coordinator.jobs.change(name, body)
            settled.store(true, ordering: .releasing)
            report(after, ended)
        } catch let error as CoordinatorError where error.code == .stale {
            settled.store(true, ordering: .releasing)
            report(nil, ended)
            throw error
        }
    }

    /// Tells how the attempt ended, where no loop of a worker will.
    private func report(_ after: Job?, _ ended: UInt64) {
        if isManaged || !coordinator.events.isHeard { return }
        coordinator.report(EndedAttempt(before: job, began: began, ended: ended, after: after))
    }

    /// The work is done. Blocks the current thread.
    ///
    /// - Parameter output: JSON of at most 64 KiB that is kept with the job.
    /// - Throws: ``CoordinatorError`` with `stale` where the job is no longer
    ///   this process's: nothing is changed then.
    public func complete(output: [UInt8]? = nil) throws {
        try settle("done") { try $0.completeJob(id, token: token, output: output) }
    }

    /// The work has failed: it is tried again after a while, or discarded where
    /// this was the last attempt. Blocks the current thread.
    ///
    /// - Parameters:
    ///   - message: Why; the first 500 bytes are kept.
    ///   - delay: How long to wait in place of the job's backoff.
    ///   - isFinal: Whether no further attempt is to be made.
    /// - Throws: As `complete(output:)`.
    public func fail(
        _ message: String, retryAfter delay: Duration? = nil, isFinal: Bool = false
    ) throws {
        try settle("fail") {
            try $0.failJob(
                id, token: token, message: message, retryAfter: delay, isFinal: isFinal)
        }
    }

    /// The work is to be done later; the attempt does not count. Blocks the
    /// current thread.
    public func snooze(for delay: Duration) throws {
        try settle("snooze") { try $0.snoozeJob(id, token: token, for: delay) }
    }

    /// Another is to do the work; the attempt does not count. Blocks the
    /// current thread.
    public func release() throws {
        try settle("release") { try $0.releaseJob(id, token: token) }
    }

    /// The work is not to be done at all: the job is cancelled. Blocks the
    /// current thread.
    public func giveUp(_ reason: String) throws {
        try settle("cancel") { try $0.giveUpJob(id, token: token, reason: reason) }
    }

    /// Says how far the work has come. Blocks the current thread.
    public func setProgress(_ progress: JobProgress) throws {
        _ = try coordinator.jobs.change("progress") {
            try $0.setProgress(progress, ofJob: id, token: token)
        }
    }
}

extension ClaimedJob {
    /// The work is done, as the synchronous twin says.
    public func complete(output: [UInt8]? = nil) async throws {
        try await coordinator.onThread { try self.complete(output: output) }
    }

    /// The work has failed, as the synchronous twin says.
    public func fail(
        _ message: String, retryAfter delay: Duration? = nil, isFinal: Bool = false
    ) async throws {
        try await coordinator.onThread {
            try self.fail(message, retryAfter: delay, isFinal: isFinal)
        }
    }

    /// The work is to be done later, as the synchronous twin says.
    public func snooze(for delay: Duration) async throws {
        try await coordinator.onThread { try self.snooze(for: delay) }
    }

    /// Another is to do the work, as the synchronous twin says.
    public func release() async throws {
        try await coordinator.onThread { try self.release() }
    }

    /// The work is not to be done at all, as the synchronous twin says.
    public func giveUp(_ reason: String) async throws {
        try await coordinator.onThread { try self.giveUp(reason) }
    }

    /// Says how far the work has come, as the synchronous twin does.
    public func setProgress(_ progress: JobProgress) async throws {
        try await coordinator.onThread { try self.setProgress(progress) }
    }
}

/// What a worker's body throws to end its attempt in another way than with a
/// failure.
public struct JobControl: Error, Hashable, Sendable {
    let result: JobResult

    /// The job is to be done later; the attempt does not count.
    public static func snooze(for delay: Duration) -> JobControl {
        JobControl(result: .snoozed(delay))
    }

    /// Another is to do the job; the attempt does not count.
    public static var release: JobControl { JobControl(result: .released) }

    /// The job is not to be done at all.
    public static func giveUp(_ reason: String) -> JobControl {
        JobControl(result: .cancelled(reason))
    }

    /// The job has failed for good: no further attempt is to be made.
    public static func discard(_ reason: String) -> JobControl {
        JobControl(result: .failed(reason, retryAfter: nil, isFinal: true))
    }

    /// The job has failed, and is to be tried again after a time of the
    /// worker's own choice.
    public static func retry(after delay: Duration, _ reason: String) -> JobControl {
        JobControl(result: .failed(reason, retryAfter: delay, isFinal: false))
    }
}
