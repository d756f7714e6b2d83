// SPDX-License-Identifier: Apache-2.0

import BerthStore

// What the loop of a worker does to its jobs.
extension CoordinatorTransaction {
    /// The payload of a job.
    func payload(of job: Job) throws -> [UInt8] {
        if let payload = job.shortPayload { return payload }
        let key = JobRecords.payload(job.id)
        guard let record = try base.record(key) else {
            throw CoordinatorError(.damaged, "the record " + key.text + " is missing")
        }
        return record.value
    }

    /// Writes down how an attempt ended, where it has not done so itself; nil
    /// where the job is no longer claimed by it.
    mutating func settle(
        _ job: Job, _ token: UInt64, _ result: JobResult
    ) throws -> Job? {
        guard let current = try self.job(job.id), current.lastToken == token else { return nil }
        // The work itself has said how it ended, in a transaction of its own.
        if current.state != .running { return current }
        switch result {
        case .completed(let output):
            return try completeJob(job.id, token: token, output: output)
        case .failed(let message, let delay, let isFinal):
            return try failJob(
                job.id, token: token, message: message, retryAfter: delay, isFinal: isFinal)
        case .snoozed(let delay):
            return try snoozeJob(job.id, token: token, for: delay)
        case .cancelled(let message):
            return try giveUpJob(job.id, token: token, reason: message)
        case .released, .settled:
            // What it settled in a transaction that came to nothing is not settled.
            return try releaseJob(job.id, token: token)
        }
    }

    /// Hands back the jobs of a queue that a member has claimed without knowing
    /// it, by a transaction whose outcome it was not told.
    mutating func handBack(
        claimedBy member: String, from queue: String, except known: (JobID) -> Bool
    ) throws {
        let unknown = try running(in: queue).filter { $0.member == member && !known($0.id) }
        for entry in unknown {
            guard let token = try job(entry.id)?.claim?.token else { continue }
            try releaseJob(entry.id, token: token)
        }
    }
}

extension CoordinatorTransaction {
    /// Whether nothing is left in a queue that a worker of some kinds could do,
    /// now or later.
    ///
    /// - Complexity: O(1); where groups are paused, O(n) in their jobs.
    func isEmpty(_ queue: QueueRecord, of kinds: [String]?) throws -> Bool {
        let settings = queue.settings
        if settings.isPaused { return true }
        if queue.count(.blocked) > 0 { return false }
        for lane in queue.lanes where !lane.isEmpty && kinds?.contains(lane.lane.kind) ?? true {
            if settings.pausedGroups.isEmpty { return false }
            var isAllPaused = true
            try base.forEach(
                prefix: JobRecords.waiting(queue.name, lane.lane),
                from: JobRecords.waiting(queue.name, lane.lane, lane.first)
            ) { record in
                let group = JSONScan.string(record.value)
                isAllPaused = group.map { settings.pausedGroups.contains($0) } ?? false
                return isAllPaused
            }
            if !isAllPaused { return false }
        }
        return true
    }
}

extension QueueRecord {
    /// How many jobs wait, for their time or for others.
    var waiting: Int {
        count(.available) + count(.scheduled) + count(.retryable) + count(.blocked)
    }
}
