// SPDX-License-Identifier: Apache-2.0

/// What a job is about to do, does, or has done.
public enum JobState: String, Hashable, Sendable, CaseIterable {
    /// Waits for its time, and may be claimed from then on. A snooze brings it back here.
    case scheduled
    /// May be claimed now.
    case available
    /// Claimed: a worker is at it, as far as anybody knows.
    case running
    /// Failed, and waits for its next attempt; claimed as a scheduled one is.
    case retryable
    /// Done. Removed after a day.
    case completed
    /// Given up by somebody, or because a job that it needs did not end as it
    /// has to. Removed after a day.
    case cancelled
    /// Failed in its last attempt: a dead letter, kept for seven days to be
    /// looked at and redriven.
    case discarded
    /// Waits for other jobs to end.
    case blocked

    /// Whether nothing will happen to it by itself any more.
    public var isFinal: Bool {
        switch self {
        case .completed, .cancelled, .discarded: true
        case .scheduled, .available, .running, .retryable, .blocked: false
        }
    }

    /// Whether it can be claimed, now or later, without another job's end.
    var isWaiting: Bool {
        switch self {
        case .scheduled, .available, .retryable: true
        case .running, .completed, .cancelled, .discarded, .blocked: false
        }
    }

    /// Its place among the counts of a queue; part of the format.
    var place: Int {
        switch self {
        case .scheduled: 0
        case .available: 1
        case .running: 2
        case .retryable: 3
        case .completed: 4
        case .cancelled: 5
        case .discarded: 6
        case .blocked: 7
        }
    }
}

/// What can happen to a job.
enum JobEvent: Hashable {
    /// A worker takes it.
    case claim
    /// Its attempt succeeded.
    case complete
    /// Its attempt failed, and others are left.
    case retryLater
    /// Its attempt failed and was the last, or its workers died too often.
    case discard
    /// Its worker wants it later, without a failure.
    case snooze
    /// Its worker hands it back, or has died.
    case requeue
    case cancel
    /// Somebody wants it to be tried at once, or once more.
    case revive
    /// The jobs it waited for have ended as they had to.
    case unblock
    /// The same, but its time has not come.
    case unblockLater
}

extension JobState {
    /// Where an event takes a job: the one table of what may happen. Nil is
    /// for what may not.
    func after(_ event: JobEvent) -> JobState? {
        switch (self, event) {
        case (.available, .claim), (.scheduled, .claim), (.retryable, .claim): .running
        case (.running, .complete): .completed
        case (.running, .retryLater): .retryable
        case (.running, .discard): .discarded
        case (.running, .snooze): .scheduled
        case (.running, .requeue): .available
        case (.running, .cancel), (.available, .cancel), (.scheduled, .cancel),
            (.retryable, .cancel), (.blocked, .cancel):
            .cancelled
        case (.discarded, .revive), (.cancelled, .revive), (.completed, .revive),
            (.scheduled, .revive), (.retryable, .revive):
            .available
        case (.blocked, .unblock): .available
        case (.blocked, .unblockLater): .scheduled
        default: nil
        }
    }
}
