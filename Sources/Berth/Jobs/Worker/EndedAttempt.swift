// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// An attempt of a worker that has ended.
struct EndedAttempt {
    /// The job as it was when it was claimed.
    let before: Job
    /// When the work began, on the monotonic clock.
    let began: UInt64
    /// When it had ended, on the same.
    let ended: UInt64
    /// The job as it is then: nil where it was no longer this worker's.
    let after: Job?

    var event: Coordinator.Event.Kind {
        guard let after else { return .jobLost }
        switch after.state {
        case .completed: return .jobCompleted
        case .discarded: return .jobDiscarded
        case .retryable: return .jobRetried
        case .cancelled: return .jobCancelled
        case .available, .scheduled, .running, .blocked: return .jobReturned
        }
    }

    var details: [Coordinator.Event.Detail] {
        let since = before.claim?.since ?? before.created
        let couldRun = max(before.created, before.runAt ?? 0)
        var details: [Coordinator.Event.Detail] = [
            .number("job", before.id.rawValue), .text("queue", before.queue),
            .number("attempt", before.attempt),
            .duration("waited", .milliseconds(max(0, since - couldRun))),
            .duration("ran", .nanoseconds(Int64(clamping: ended - began))),
            .duration("settled", .nanoseconds(Int64(clamping: Clock.monotonic - ended))),
        ]
        if let after, [.retryable, .discarded, .cancelled].contains(after.state),
            let failure = after.failures.last, failure.attempt == before.attempt
        {
            details.append(.text("error", failure.message))
        }
        if let after, after.state == .retryable, let runAt = after.runAt {
            details.append(
                .duration("delay", .milliseconds(max(0, runAt - Clock.wallMilliseconds))))
        }
        return details
    }
}
