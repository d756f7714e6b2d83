// SPDX-License-Identifier: Apache-2.0

import BerthStore

// How jobs are found, and move between states. Everything that changes the
// state of a job goes through `move`, which keeps the entries and the counts of
// its queue in step with it.
extension CoordinatorTransaction {
    // MARK: Reading

    /// The job of a number; nil where there is none.
    func job(_ id: JobID) throws -> Job? {
        guard id.rawValue <= JobID.maximum else { return nil }
        return try base.record(JobRecords.item(id)).map { try Job($0) }
    }

    /// The job of a number, which the caller says is there.
    func knownJob(_ id: JobID) throws -> Job {
        guard let job = try job(id) else {
            throw CoordinatorError(.notFound, "there is no job " + id.description)
        }
        return job
    }

    /// A queue; one that nobody has used yet is empty.
    func queueRecord(_ name: String) throws -> QueueRecord {
        try base.record(JobRecords.queue(name)).map { try QueueRecord($0) }
            ?? QueueRecord(name: name)
    }

    mutating func write(_ queue: QueueRecord) throws {
        try base.set(JobRecords.queue(queue.name), queue.json)
    }

    mutating func write(_ job: Job) throws {
        try base.set(JobRecords.item(job.id), job.json)
    }

    // MARK: Moving

    /// Takes a job to the state to which an event leads, and writes it and
    /// its entries; the queue's record is left to the caller.
    ///
    /// - Throws: `invalid` where that event cannot happen to it.
    mutating func move(
        _ job: inout Job, by event: JobEvent, _ queue: inout QueueRecord, at now: Int64
    ) throws {
        guard let state = job.state.after(event) else {
            throw CoordinatorError(
                .invalid,
                "job " + job.id.description + " is " + job.state.rawValue
                    + ", so this cannot be done to it")
        }
        try takeOut(job)
        queue.count(job.state, by: -1)
        job.state = state
        queue.count(state, by: 1)
        if state != .running {
            job.claim = nil
            job.isBeingCancelled = false
        }
        if state.isFinal {
            job.finished = now
        } else if state.isWaiting {
            wait(&job, &queue, at: now)
        }
        try putIn(job)
        try write(job)
        try settle(job, &queue, at: now)
    }

    /// Gives a job that begins to wait its place in the queue.
    ///
    /// One that comes back stands before those that wait, but not at its old
    /// place, which others have passed: nobody looks there any more.
    mutating func wait(_ job: inout Job, _ queue: inout QueueRecord, at now: Int64) {
        let lane = job.lane
        if let runAt = job.runAt, lane.isTimed {
            job.order = JobPlace.order(at: runAt)
        } else {
            job.runAt = nil
            let own = min(job.order, JobPlace.order(at: now))
            job.order = max(own, queue.first(in: lane)?.order ?? 0)
        }
        queue.add(job.place, to: lane)
        ring(.jobs(of: job.queue))
    }

    /// Removes the entries of the state that a job is in.
    mutating func takeOut(_ job: Job) throws {
        if job.state.isWaiting {
            base.delete(JobRecords.waiting(job.queue, job.lane, job.place))
        } else if job.state == .running {
            try forgetRunning(job)
        }
    }

    /// Makes the entries of the state that a job is in.
    private mutating func putIn(_ job: Job) throws {
        if job.state.isWaiting {
            try base.set(
                JobRecords.waiting(job.queue, job.lane, job.place), job.waitingEntry)
        } else if job.state == .running, let claim = job.claim {
            try noteRunning(job, claim)
        }
    }

    /// What follows from the state that a job has come to: those that wait for
    /// its end go on, and whoever sleeps for it wakes.
    private mutating func settle(
        _ job: Job, _ queue: inout QueueRecord, at now: Int64
    ) throws {
        ring(.ends(of: job.queue))
        if job.state != .running, queue.settings.limit != nil || job.group != nil {
            // Its end made room.
            ring(.jobs(of: job.queue))
        }
        guard job.state.isFinal, job.hasDependents else { return }
        var dependents: [JobID] = []
        try base.forEach(prefix: JobRecords.dependents(of: job.id)) { record in
            guard let id = JobRecords.id(atEndOf: record.key) else {
                throw JobRecords.damaged(record.key)
            }
            dependents.append(id)
            return true
        }
        for id in dependents {
            base.delete(JobRecords.dependent(id, of: job.id))
            try dependency(of: id, hasEnded: job, &queue, at: now)
        }
    }

    /// Goes on with a job that waited for another, which has ended.
    private mutating func dependency(
        of id: JobID, hasEnded other: Job, _ queue: inout QueueRecord, at now: Int64
    ) throws {
        guard var job = try job(id), job.state == .blocked else { return }
        if job.queue == queue.name {
            return try resolve(&job, other, &queue, at: now)
        }
        // What its end brings about may change the first queue: written before,
        // read again after.
        try write(queue)
        var own = try queueRecord(job.queue)
        try resolve(&job, other, &own, at: now)
        try write(own)
        queue = try queueRecord(queue.name)
    }

    private mutating func resolve(
        _ job: inout Job, _ other: Job, _ queue: inout QueueRecord, at now: Int64
    ) throws {
        let verdict = try JobDependency.verdict(job.pending.filter { $0.job == other.id }) { _ in
            other.state
        }
        switch verdict {
        case .failed(let dependency, let state):
            job.reason = dependency.reason(state)
            job.pending = []
            try move(&job, by: .cancel, &queue, at: now)
        case .ready:
            job.pending.removeAll { $0.job == other.id }
            if job.pending.isEmpty {
                let isLater = job.runAt.map { $0 > now } ?? false
                try move(&job, by: isLater ? .unblockLater : .unblock, &queue, at: now)
            } else {
                try write(job)
            }
        case .wait:
            break
        }
    }
}

extension Job {
    /// The entry of a job that waits: its group, or nothing.
    var waitingEntry: [UInt8] {
        guard let group else { return [UInt8(ascii: "0")] }
        var writer = JSONWriter()
        writer.value(group)
        return writer.bytes
    }
}

extension JobDependency {
    /// Why a job was cancelled that depended on another.
    func reason(_ state: JobState) -> String {
        "job " + job.description + ", for whose " + condition.rawValue + " it waited, is "
            + state.rawValue
    }
}

extension Interest {
    /// That there may be something to claim in a queue.
    static func jobs(of queue: String) -> Interest { Interest("jobs", queue) }
    /// That a job of a queue has changed its state.
    static func ends(of queue: String) -> Interest { Interest("ends", queue) }
    /// That the worker of this member is to end a job.
    static func orders(for member: String) -> Interest { Interest("orders", member) }
}
