// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension Coordinator.Event.Kind {
    /// Jobs were claimed. Details: `queue`, `count`; `skipped`, how many were
    /// passed over because their group is paused, or as many of it run already
    /// as may; `took`.
    public static var jobClaimed: Self { Self(rawValue: "job.claimed") }

    /// An attempt succeeded. Details: `job`, `queue`, `attempt`; `waited`,
    /// from when it could run to its claim; `ran`, until the work had ended;
    /// `settled`, from then until that was written down for good.
    public static var jobCompleted: Self { Self(rawValue: "job.completed") }

    /// The last attempt of a job failed. Details: as for a completed one, and
    /// `error`.
    public static var jobDiscarded: Self { Self(rawValue: "job.discarded") }

    /// An attempt failed, and another will be made. Details: as for a
    /// completed one, and `error`; `delay`, until the next.
    public static var jobRetried: Self { Self(rawValue: "job.retried") }

    /// A job was put off, or handed back. Details: as for a completed one.
    public static var jobReturned: Self { Self(rawValue: "job.returned") }

    /// A job was cancelled while it ran. Details: as for a completed one.
    public static var jobCancelled: Self { Self(rawValue: "job.cancelled") }

    /// A job was taken back from a worker that died, or lost it. Details:
    /// `job`, `queue`, `rescues`, `state`.
    public static var jobRescued: Self { Self(rawValue: "job.rescued") }

    /// The worker of a job died, or lost it, but the job's command goes on where
    /// this process can neither find nor end it: the job stays as it is until
    /// that has ended. Details: as for a rescued one.
    public static var jobOrphaned: Self { Self(rawValue: "job.orphaned") }

    /// This worker finished an attempt of a job that is no longer its own;
    /// nothing was changed. Details: as for a completed one.
    public static var jobLost: Self { Self(rawValue: "job.lost") }

    /// A worker was told to stop: it claims no more. Details: `running`, how
    /// many jobs it lets come to their end.
    public static var workerStopping: Self { Self(rawValue: "worker.stopping") }

    /// A worker cannot reach its store, and tries again. Details: `attempt`,
    /// how often in a row; `delay`; `error`.
    public static var storeRetried: Self { Self(rawValue: "store.retried") }
}

extension Coordinator {
    /// Tells how an attempt ended.
    func report(_ ended: EndedAttempt) {
        events.report(ended.event, ended.details)
    }

    /// Tells what a claim brought, where it brought anything.
    func report(
        _ claimed: Int, skipped: Int, from queues: String, since began: UInt64
    ) {
        if claimed == 0 && skipped == 0 { return }
        events.report(
            .jobClaimed,
            [
                .text("queue", queues), .number("count", claimed), .number("skipped", skipped),
                .duration("took", .nanoseconds(Int64(clamping: Clock.monotonic - began))),
            ])
    }

    /// Tells of a job whose worker is gone.
    func report(_ kind: Event.Kind, _ job: Job) {
        events.report(
            kind,
            [
                .number("job", job.id.rawValue), .text("queue", job.queue),
                .number("rescues", job.rescues), .text("state", job.state.rawValue),
            ])
    }
}
