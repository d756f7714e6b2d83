// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Some of the jobs of a queue that run: what rescuing and limits have to know
/// of them without reading the jobs.
///
/// A queue has so few of these records that their keys come again and again. A
/// record for each job would leave a grave for each, which every look at what
/// runs would walk over until the last merge.
struct RunningJobs: Hashable {
    struct Entry: Hashable {
        let id: JobID
        let group: String?
        /// See ``JobClaim/member``.
        let member: String?
        /// See ``JobClaim/deadline``.
        let deadline: UInt64?
    }

    /// So many records a queue has at most.
    static var places: UInt64 { 64 }

    /// In the order of their numbers.
    private(set) var entries: [Entry] = []

    init() {}

    mutating func put(_ job: Job, _ claim: JobClaim) {
        remove(job.id)
        let entry = Entry(
            id: job.id, group: job.group, member: claim.member, deadline: claim.deadline)
        entries.insert(entry, at: entries.firstIndex { $0.id > job.id } ?? entries.count)
    }

    mutating func remove(_ id: JobID) {
        entries.removeAll { $0.id == id }
    }

    /// `{"17":{"member":"…","deadline":…},…}`; what is nil has no member.
    var json: [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        for entry in entries {
            writer.member(named: entry.id.description)
            writer.beginObject()
            if let member = entry.member { writer.member("member", member) }
            if let group = entry.group { writer.member("group", group) }
            if let deadline = entry.deadline { writer.member("deadline", deadline) }
            writer.endObject()
        }
        writer.endObject()
        return writer.bytes
    }

    init(_ record: Record) throws(CoordinatorError) {
        guard let jobs = JSONFields(record.value) else { throw JobRecords.damaged(record.key) }
        for (name, value) in jobs.members {
            guard let id = UInt64(decimal: name), let fields = JSONFields(Array(value)) else {
                throw JobRecords.damaged(record.key)
            }
            entries.append(
                Entry(
                    id: JobID(rawValue: id), group: fields.string("group"),
                    member: fields.string("member"), deadline: fields.integer("deadline")))
        }
    }
}

extension CoordinatorTransaction {
    /// The jobs of a queue that run.
    func running(in queue: String) throws -> [RunningJobs.Entry] {
        let prefix = JobRecords.running(queue)
        var changed = running.filter { $0.key.text.hasPrefix(prefix) }
        var entries: [RunningJobs.Entry] = []
        try base.forEach(prefix: prefix) { record in
            entries += try (changed.removeValue(forKey: record.key) ?? RunningJobs(record)).entries
            return true
        }
        for jobs in changed.values { entries += jobs.entries }
        return entries
    }

    /// Notes that a job runs, or how its claim is now.
    mutating func noteRunning(_ job: Job, _ claim: JobClaim) throws {
        try changeRunning(job) { $0.put(job, claim) }
    }

    /// Notes that a job runs no more.
    mutating func forgetRunning(_ job: Job) throws {
        try changeRunning(job) { $0.remove(job.id) }
    }

    private mutating func changeRunning(
        _ job: Job, _ body: (inout RunningJobs) -> Void
    ) throws {
        let key = JobRecords.running(job.queue, job.id)
        if running[key] == nil {
            running[key] = try base.record(key).map { try RunningJobs($0) } ?? RunningJobs()
        }
        body(&running[key, default: RunningJobs()])
    }

    /// Puts what has changed of the running jobs into the transaction, each
    /// record once however many of its jobs have changed.
    mutating func writeRunning() throws {
        for (key, jobs) in running {
            if jobs.entries.isEmpty { base.delete(key) } else { try base.set(key, jobs.json) }
        }
        running = [:]
    }
}
