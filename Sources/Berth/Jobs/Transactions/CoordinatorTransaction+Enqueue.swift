// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension CoordinatorTransaction {
    /// Enqueues a job.
    ///
    /// - Parameter request: What is to be done, and how.
    /// - Returns: The job; with a key that is taken, the one that has it.
    /// - Throws: ``CoordinatorError`` with `invalid` where something is outside
    ///   what Berth accepts, and with `notFound` where it is to wait for a job
    ///   that is not there.
    @discardableResult
    public mutating func enqueue(_ request: JobRequest) throws -> EnqueuedJob {
        try enqueue([request])[0]
    }

    /// Enqueues jobs, all or none.
    ///
    /// - Parameter requests: Any number whose records fit in 16 MiB.
    /// - Returns: The jobs, in the same order.
    /// - Throws: As for one of them.
    /// - Complexity: O(n log m) for n jobs in a store of m records.
    @discardableResult
    public mutating func enqueue(_ requests: [JobRequest]) throws -> [EnqueuedJob] {
        try enqueue(checked: try requests.map { try $0.checked() }, at: Clock.wallMilliseconds)
    }

    /// Enqueues jobs that have been checked.
    mutating func enqueue(
        checked requests: [JobRequest], at now: Int64
    ) throws -> [EnqueuedJob] {
        var batch = try JobBatch(self, now, capacity: requests.count)
        base.reserveCapacity(2 * requests.count)
        let results = try requests.map { try batch.add($0, &self) }
        try batch.write(to: &self)
        return results
    }
}

/// The jobs of one call: their records are put into the transaction at its
/// end, in the order of their keys, which costs the least.
private struct JobBatch {
    private let now: Int64
    private let firstID: UInt64
    private var nextID: UInt64
    private var queues: [String: QueueRecord] = [:]
    private var items: [Job] = []
    private var payloads: [(JobID, [UInt8])] = []
    /// The new jobs by queue and key.
    private var keys: [RecordKey: JobID] = [:]

    init(
        _ transaction: borrowing CoordinatorTransaction, _ now: Int64, capacity: Int
    ) throws {
        self.now = now
        items.reserveCapacity(capacity)
        let key = JobRecords.next
        guard let record = try transaction.base.record(key) else {
            firstID = 1
            nextID = 1
            return
        }
        guard let next = UInt64(decimal: record.value[...]) else { throw JobRecords.damaged(key) }
        firstID = next
        nextID = next
    }

    mutating func add(
        _ request: JobRequest, _ transaction: inout CoordinatorTransaction
    ) throws -> EnqueuedJob {
        if let key = request.key {
            let record = JobRecords.key(request.queue, key)
            if let result = try meet(request, record, &transaction) { return result }
            guard let id = newID() else { throw Self.exhausted }
            keys[record] = id
            return try add(request, id, transaction)
        }
        guard let id = newID() else { throw Self.exhausted }
        return try add(request, id, transaction)
    }

    /// Says in each job for whose end another waits that one does: the others
    /// need not look for any.
    private mutating func markAwaited(_ transaction: inout CoordinatorTransaction) throws {
        let awaited = Set(items.flatMap(\.pending).map(\.job))
        if awaited.isEmpty { return }
        for index in items.indices where awaited.contains(items[index].id) {
            items[index].hasDependents = true
        }
        for id in awaited.sorted() where id.rawValue < firstID {
            var job = try transaction.knownJob(id)
            if job.hasDependents { continue }
            job.hasDependents = true
            try transaction.write(job)
        }
    }

    private static var exhausted: CoordinatorError {
        CoordinatorError(.invalid, "the store has given its last job number")
    }

    private mutating func newID() -> JobID? {
        guard nextID < JobID.maximum else { return nil }
        nextID += 1
        return JobID(rawValue: nextID - 1)
    }

    private mutating func queue(
        _ name: String, _ transaction: borrowing CoordinatorTransaction
    ) throws -> QueueRecord {
        if let queue = queues[name] { return queue }
        return try transaction.queueRecord(name)
    }

    private mutating func add(
        _ request: JobRequest, _ id: JobID, _ transaction: borrowing CoordinatorTransaction
    ) throws -> EnqueuedJob {
        var queue = try queue(request.queue, transaction)
        var job = Job(request, id: id, created: now)
        if let runAt = job.runAt {
            job.state = .scheduled
            job.order = JobPlace.order(at: runAt)
        } else {
            job.order = queue.nextOrder(at: now)
        }
        try block(&job, transaction)
        queue.count(job.state, by: 1)
        if job.state.isWaiting { queue.add(job.place, to: job.lane) }
        queues[request.queue] = queue
        items.append(job)
        if job.shortPayload == nil { payloads.append((id, request.payload)) }
        return EnqueuedJob(id: id, outcome: .added)
    }

    /// Makes a job wait for those that it depends on and that have not ended;
    /// one of which one has ended in another way is cancelled at once.
    private func block(
        _ job: inout Job, _ transaction: borrowing CoordinatorTransaction
    ) throws {
        for dependency in job.after {
            let other =
                try items.first { $0.id == dependency.job } ?? transaction.knownJob(dependency.job)
            switch dependency.condition.isMet(by: other.state) {
            case true?: continue
            case nil: job.pending.append(dependency)
            case false?:
                job.reason = dependency.reason(other.state)
                job.state = .cancelled
                job.finished = now
                job.pending = []
                return
            }
        }
        if !job.pending.isEmpty { job.state = .blocked }
    }

    /// What becomes of a request whose key another job has; nil where none has
    /// it that counts.
    private mutating func meet(
        _ request: JobRequest, _ key: RecordKey, _ transaction: inout CoordinatorTransaction
    ) throws -> EnqueuedJob? {
        if let id = keys[key] { return try meet(request, itsOwn: id, &transaction) }
        guard let record = try transaction.base.record(key) else { return nil }
        guard let number = UInt64(decimal: record.value[...]) else {
            throw JobRecords.damaged(key)
        }
        guard var job = try transaction.job(JobID(rawValue: number)),
            request.uniqueStates.contains(job.state)
        else { return nil }
        if request.conflict == .skip || job.state.isFinal {
            return EnqueuedJob(id: job.id, outcome: .existing)
        }
        if job.state == .running { return nil }
        var queue = try queue(request.queue, transaction)
        try transaction.replace(&job, by: request, &queue, at: now)
        queues[request.queue] = queue
        return EnqueuedJob(id: job.id, outcome: .replaced)
    }

    /// The same, where the job that has the key is one of this call.
    private mutating func meet(
        _ request: JobRequest, itsOwn id: JobID, _ transaction: inout CoordinatorTransaction
    ) throws -> EnqueuedJob? {
        let place = Int(id.rawValue - firstID)
        guard request.uniqueStates.contains(items[place].state) else { return nil }
        if request.conflict == .skip || items[place].state.isFinal {
            return EnqueuedJob(id: id, outcome: .existing)
        }
        var queue = try queue(request.queue, transaction)
        payloads.removeAll { $0.0 == id }
        try transaction.replace(&items[place], by: request, &queue, at: now)
        queues[request.queue] = queue
        return EnqueuedJob(id: id, outcome: .replaced)
    }

    mutating func write(to transaction: inout CoordinatorTransaction) throws {
        try markAwaited(&transaction)
        for job in items { try transaction.write(job) }
        for (key, id) in keys.sorted(by: { $0.key < $1.key }) {
            try transaction.base.set(key, JobRecords.value(id.rawValue))
        }
        if nextID != firstID {
            try transaction.base.set(JobRecords.next, JobRecords.value(nextID))
        }
        for (id, payload) in payloads {
            try transaction.base.set(JobRecords.payload(id), payload)
        }
        for queue in queues.values {
            try transaction.write(queue)
            transaction.ring(.jobs(of: queue.name))
        }
        for job in items {
            if job.state.isWaiting {
                try transaction.base.set(
                    JobRecords.waiting(job.queue, job.lane, job.place), job.waitingEntry)
            }
            for dependency in job.pending {
                try transaction.base.set(
                    JobRecords.dependent(job.id, of: dependency.job), [UInt8(ascii: "0")])
            }
        }
    }
}

extension CoordinatorTransaction {
    /// Makes a job that waits, or is blocked, what a request says.
    fileprivate mutating func replace(
        _ job: inout Job, by request: JobRequest, _ queue: inout QueueRecord, at now: Int64
    ) throws {
        try takeOut(job)
        queue.count(job.state, by: -1)
        let runAt = job.runAt
        let isBlocked = job.state == .blocked
        job.kind = request.kind
        job.priority = request.priority
        job.maximumAttempts = request.maximumAttempts
        job.backoff = request.backoff
        job.timeout = request.timeout
        job.group = request.group
        job.tags = request.tags
        job.metadata = request.metadata
        job.attempt = 0
        job.failures = []
        job.runAt = request.conflict == .keepRunAt ? runAt : request.time(at: now)
        if request.payload.count <= Job.longestShortPayload {
            job.shortPayload = request.payload
            base.delete(JobRecords.payload(job.id))
        } else {
            job.shortPayload = nil
            try base.set(JobRecords.payload(job.id), request.payload)
        }
        if !isBlocked {
            job.state = job.runAt == nil ? .available : .scheduled
            wait(&job, &queue, at: now)
            try base.set(
                JobRecords.waiting(job.queue, job.lane, job.place), job.waitingEntry)
        }
        queue.count(job.state, by: 1)
        try write(job)
    }
}
