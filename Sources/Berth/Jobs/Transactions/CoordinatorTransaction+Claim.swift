// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Who claims jobs, which, and how many.
struct ClaimRequest {
    let queue: String
    /// The most jobs to claim.
    let limit: Int
    /// The kinds that the worker knows; nil is all.
    let kinds: [String]?
    let holder: Holder
    let proof: JobClaim.Proof
    /// How long the claims last without a renewal; nil is without an end.
    let lease: Duration?
}

/// What a claim brought.
struct ClaimOutcome {
    var jobs: [Job] = []
    /// When the next job becomes due, in milliseconds since 1970; nil where
    /// none waits for its time.
    var nextDue: Int64?
    /// How many were passed over because their group is paused, or as many of
    /// it run already as may.
    var skipped = 0
}

extension CoordinatorTransaction {
    /// Takes jobs for a worker: smaller priorities first, then in the order in
    /// which they became due. Now and then the one goes first that has waited
    /// longest, whatever its priority: so none waits for ever. Those that others
    /// have are not seen, and not waited for.
    ///
    /// - Complexity: O((k + l) log m) for k jobs from l lanes in a store of m
    ///   records, and however many jobs the queue has had. Jobs that a limit
    ///   of their group holds back add to k, up to ``scanLimit`` for each lane.
    mutating func claim(_ request: ClaimRequest, at now: Int64) throws -> ClaimOutcome {
        var outcome = ClaimOutcome()
        var queue = try queueRecord(request.queue)
        if queue.settings.isPaused { return outcome }
        let before = queue
        var room = try JobRoom(self, queue, request.limit)
        var lanes = queue.lanes.filter { lane in
            !lane.isEmpty && request.kinds?.contains(lane.lane.kind) ?? true
        }
        if room.free > 0, let lane = queue.laneToGoFirst(among: lanes, at: now) {
            queue.overtaken = 0
            for job in try take([lane], from: &queue, &room, atMost: 1, now, &outcome) {
                outcome.jobs.append(try claim(job, request, &queue, at: now))
            }
            // Its first job may be another one now.
            lanes = queue.lanes.filter { lane in lanes.contains { $0.lane == lane.lane } }
        }
        // Who has no room left need not know what comes after.
        while room.free > 0, let priority = lanes.first?.lane.priority {
            let level = lanes.prefix { $0.lane.priority == priority }
            lanes.removeFirst(level.count)
            for job in try take(
                Array(level), from: &queue, &room, atMost: .max, now, &outcome)
            {
                if lanes.contains(where: { $0.isDue(at: now) }) { queue.overtaken += 1 }
                outcome.jobs.append(try claim(job, request, &queue, at: now))
            }
        }
        outcome.skipped = room.skipped
        if queue != before { try write(queue) }
        return outcome
    }

    /// How many jobs of one lane a claim looks at that it may not take.
    static var scanLimit: Int { 1000 }

    /// Chooses from some lanes, and notes where each now begins.
    private func take(
        _ lanes: [QueueRecord.Lane], from queue: inout QueueRecord, _ room: inout JobRoom,
        atMost most: Int, _ now: Int64, _ outcome: inout ClaimOutcome
    ) throws -> [WaitingEntry] {
        let limit = min(room.free, most) + 1 + (room.choosesGroups ? Self.scanLimit : 0)
        var candidates: [WaitingEntry] = []
        var taken: Set<JobID> = []
        var ends: [(lane: JobLane, entries: [WaitingEntry], next: JobPlace?)] = []
        for lane in lanes {
            let (entries, next) = try scan(lane, of: queue.name, limit, now)
            ends.append((lane.lane, entries, next))
            candidates += entries
        }
        candidates.sort { $0.place < $1.place }
        var chosen: [WaitingEntry] = []
        for candidate in candidates {
            if room.free == 0 || chosen.count == most { break }
            guard room.admit(candidate.group) else { continue }
            chosen.append(candidate)
            taken.insert(candidate.place.id)
        }
        for end in ends {
            let first = end.entries.first { !taken.contains($0.place.id) }?.place ?? end.next
            queue.setFirst(first, of: end.lane)
            if end.lane.isTimed, let first, first.time > now {
                outcome.nextDue = min(outcome.nextDue ?? .max, first.time)
            }
        }
        return chosen
    }

    private struct WaitingEntry {
        let place: JobPlace
        let group: String?
    }

    /// The jobs of a lane that are due, up to a limit, and the place of the
    /// first one after them.
    private func scan(
        _ lane: QueueRecord.Lane, of queue: String, _ limit: Int, _ now: Int64
    ) throws -> ([WaitingEntry], next: JobPlace?) {
        var entries: [WaitingEntry] = []
        var next: JobPlace?
        let prefix = JobRecords.waiting(queue, lane.lane)
        let first = JobRecords.waiting(queue, lane.lane, lane.first)
        try base.forEach(prefix: prefix, from: first) { record in
            guard let place = JobPlace(record.key.text.utf8) else {
                throw JobRecords.damaged(record.key)
            }
            if entries.count == limit || (lane.lane.isTimed && place.time > now) {
                next = place
                return false
            }
            entries.append(WaitingEntry(place: place, group: JSONScan.string(record.value)))
            return true
        }
        return (entries, next)
    }

    private mutating func claim(
        _ entry: WaitingEntry, _ request: ClaimRequest, _ queue: inout QueueRecord, at now: Int64
    ) throws -> Job {
        guard var job = try job(entry.place.id) else {
            throw JobRecords.damaged(JobRecords.item(entry.place.id))
        }
        let sinceBoot = Clock.boot / 1_000_000
        job.attempt += 1
        job.progress = nil
        job.lastToken = base.version
        job.claim = JobClaim(
            token: base.version, since: now, holder: request.holder, proof: request.proof,
            leaseEnd: request.lease.map { sinceBoot + UInt64(clamping: $0.milliseconds) },
            timeoutEnd: job.timeout.map { sinceBoot + UInt64(clamping: $0.milliseconds) })
        // Whoever sleeps learns when the claim may end by itself, or by whose death.
        if job.claim?.deadline != nil || request.proof == .process {
            ring(.jobs(of: queue.name))
        }
        try move(&job, by: .claim, &queue, at: now)
        return job
    }
}

/// How many jobs of a queue, and of each of its groups, may still begin. It is
/// counted anew for each claim, from the jobs that run: no counter can leak.
private struct JobRoom {
    private(set) var free: Int
    private(set) var skipped = 0
    private let groupLimit: Int?
    private let pausedGroups: Set<String>
    private var groups: [String: Int] = [:]

    /// Whether it may have to pass some over.
    var choosesGroups: Bool { groupLimit != nil || !pausedGroups.isEmpty }

    init(
        _ transaction: borrowing CoordinatorTransaction, _ queue: QueueRecord, _ limit: Int
    ) throws {
        groupLimit = queue.settings.limitPerGroup
        pausedGroups = queue.settings.pausedGroups
        free = limit
        guard queue.settings.limit != nil || groupLimit != nil else { return }
        let running = try transaction.running(in: queue.name)
        for case let group? in running.map(\.group) { groups[group, default: 0] += 1 }
        if let most = queue.settings.limit { free = max(0, min(limit, most - running.count)) }
    }

    /// Whether one more may begin; it is then counted.
    mutating func admit(_ group: String?) -> Bool {
        if let group, pausedGroups.contains(group) {
            skipped += 1
            return false
        }
        if let group, let groupLimit {
            guard groups[group, default: 0] < groupLimit else {
                skipped += 1
                return false
            }
            groups[group, default: 0] += 1
        }
        free -= 1
        return true
    }
}
