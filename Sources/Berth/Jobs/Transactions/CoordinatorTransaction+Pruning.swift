// SPDX-License-Identifier: Apache-2.0

import BerthStore

// Ended jobs are removed in steps that each fit between the work of others.
extension CoordinatorTransaction {
    /// How many jobs a step looks at.
    static var pruningStep: Int { 256 }

    /// What a step has come to.
    struct Pruning {
        /// The jobs that it has removed. Their logs are left to the caller, who
        /// may die before; so the store remembers them until the next step.
        var removed: [JobID] = []
        /// Those that the step before had removed.
        var before: [JobID] = []
        /// Whether all jobs have been looked at.
        var isAtEnd = false
    }

    /// Removes those of the next jobs, in the order of their numbers, that have
    /// been kept long enough, or are too many.
    mutating func pruneStep(at now: Int64) throws -> Pruning {
        var step = Pruning()
        step.before = try unlogged()
        let start = try base.record(JobRecords.pruned).flatMap { UInt64(decimal: $0.value[...]) }
        let jobs = try jobs(from: start)
        var queues: [String: QueueRecord] = [:]
        var changed: Set<String> = []
        for job in jobs where job.state.isFinal {
            var queue = try queues[job.queue] ?? queueRecord(job.queue)
            if !queue.keeps(job, at: now) {
                try remove(job)
                queue.count(job.state, by: -1)
                step.removed.append(job.id)
                changed.insert(job.queue)
            }
            queues[job.queue] = queue
        }
        for queue in queues.values where changed.contains(queue.name) {
            if queue.isUnused {
                base.delete(JobRecords.queue(queue.name))
            } else {
                try write(queue)
            }
        }
        step.isAtEnd = jobs.count < Self.pruningStep
        if let last = jobs.last, !step.isAtEnd {
            try base.set(JobRecords.pruned, JobRecords.value(last.id.rawValue + 1))
        } else if start != nil {
            base.delete(JobRecords.pruned)
        }
        try setUnlogged(step.removed, before: step.before)
        return step
    }

    private func jobs(from start: UInt64?) throws -> [Job] {
        var jobs: [Job] = []
        let first = start.map { JobRecords.item(JobID(rawValue: $0)) }
        try base.forEach(prefix: JobRecords.items, from: first) { record in
            jobs.append(try Job(record))
            return jobs.count < Self.pruningStep
        }
        return jobs
    }

    private mutating func remove(_ job: Job) throws {
        base.delete(JobRecords.item(job.id))
        if job.shortPayload == nil { base.delete(JobRecords.payload(job.id)) }
        if job.hasOutput { base.delete(JobRecords.output(job.id)) }
        guard let key = job.key.map({ JobRecords.key(job.queue, $0) }),
            let owner = try base.record(key), owner.value == JobRecords.value(job.id.rawValue)
        else { return }
        base.delete(key)
    }

    private func unlogged() throws -> [JobID] {
        guard let record = try base.record(JobRecords.unlogged) else { return [] }
        guard let numbers = JSONScan.elements(of: record.value[...]) else {
            throw JobRecords.damaged(JobRecords.unlogged)
        }
        return numbers.compactMap { UInt64(decimal: $0) }.map { JobID(rawValue: $0) }
    }

    private mutating func setUnlogged(_ ids: [JobID], before: [JobID]) throws {
        if ids.isEmpty {
            if !before.isEmpty { base.delete(JobRecords.unlogged) }
            return
        }
        var writer = JSONWriter()
        writer.beginArray()
        for id in ids { writer.value(id.rawValue) }
        writer.endArray()
        try base.set(JobRecords.unlogged, writer.bytes)
    }
}

extension QueueRecord {
    /// Whether a job that has ended is to stay for now.
    fileprivate func keeps(_ job: Job, at now: Int64) -> Bool {
        let kept = count(.completed) + count(.cancelled) + count(.discarded)
        if kept > settings.keepsAtMost { return false }
        let age = now - (job.finished ?? now)
        return age < settings.keeps(job.state).milliseconds
    }

    /// Whether it says no more than one would that nobody has used.
    fileprivate var isUnused: Bool {
        settings == JobQueueSettings() && JobState.allCases.allSatisfy { count($0) == 0 }
    }
}
