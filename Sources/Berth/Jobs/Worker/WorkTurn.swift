// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// One transaction of a worker: it writes down what has ended, and claims what
/// there is room for.
struct WorkTurn {
    let options: JobWorker.Options
    let station: WorkStation
    let proof: JobClaim.Proof
    let active: ActiveJobs
    /// Of the active ones.
    let finished: [FinishedWork]
    /// How many more may be claimed; nil where the worker is to claim no more.
    let room: Int?
    /// Whether jobs may be claimed for this worker of which it does not know.
    let isInDoubt: Bool

    /// What it comes to once it is durable.
    struct Outcome {
        var endings: [EndedAttempt] = []
        var claimed: [(job: Job, payload: [UInt8])] = []
        /// How many were passed over.
        var skipped = 0
        /// How many wait in the queues.
        var waiting = 0
        /// When to look again although nobody rings.
        var next: Deadline?
        /// Whether the store says then that the worker serves its queues.
        var isServing = false
        /// Whether nothing is left to be done, now or later.
        var isDone = false
    }

    /// - Throws: `busy` where a queue has as many workers as it may have.
    func run(_ transaction: inout CoordinatorTransaction) throws -> Outcome {
        var outcome = Outcome()
        try settle(&transaction, &outcome)
        if isInDoubt { try handBack(&transaction) }
        guard let room else {
            // Whoever adds a job from now on sees that nobody will claim it.
            if station.isServing || isInDoubt { station.unregister(&transaction) }
            return outcome
        }
        if !station.isServing || isInDoubt { try station.register(&transaction) }
        outcome.isServing = true
        let isNothingLeft = try claim(room, &transaction, &outcome)
        let isIdle = active.count == finished.count && outcome.claimed.isEmpty
        if options.isUntilEmpty && isNothingLeft && isIdle {
            // In the transaction that found nothing left: whoever adds a job
            // after it sees that nobody serves the queue.
            station.unregister(&transaction)
            outcome.isServing = false
            outcome.isDone = true
        }
        return outcome
    }

    private func settle(
        _ transaction: inout CoordinatorTransaction, _ outcome: inout Outcome
    ) throws {
        for work in finished {
            guard let entry = active[work.id] else { continue }
            // In a store that has come in the place of the job's own, one of its
            // number is another.
            let after =
                entry.store == station.store
                ? try transaction.settle(
                    entry.job, entry.token, entry.meaning(of: work.result)) : nil
            outcome.endings.append(
                EndedAttempt(
                    before: entry.job, began: entry.began, ended: work.ended, after: after))
        }
    }

    private func handBack(_ transaction: inout CoordinatorTransaction) throws {
        for queue in options.queues {
            try transaction.handBack(
                claimedBy: station.member.name, from: queue, except: { active[$0] != nil })
        }
    }

    /// Claims; returns whether the queues have nothing that the worker could do.
    private func claim(
        _ room: Int, _ transaction: inout CoordinatorTransaction, _ outcome: inout Outcome
    ) throws -> Bool {
        let now = Clock.wallMilliseconds
        var isNothingLeft = true
        var nextDue: Int64?
        for queue in options.queues {
            let claim = try transaction.claim(
                ClaimRequest(
                    queue: queue, limit: room - outcome.claimed.count, kinds: options.kinds,
                    holder: station.member.presence.holder, proof: proof, lease: nil), at: now)
            outcome.skipped += claim.skipped
            for job in claim.jobs {
                outcome.claimed.append((job, try transaction.payload(of: job)))
            }
            if let due = claim.nextDue { nextDue = min(nextDue ?? .max, due) }
            let record = try transaction.queueRecord(queue)
            outcome.waiting += record.waiting
            isNothingLeft =
                try isNothingLeft && transaction.isEmpty(record, of: options.kinds)
        }
        // Who has no room need not wake.
        if room > 0 { outcome.next = nextDue.map { JobWorker.deadline(of: $0, now) } }
        return isNothingLeft
    }
}
