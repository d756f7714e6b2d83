// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The keys of all records of jobs.
///
/// A job has one record by its number, and one entry more where it has to be
/// found by something else: among those that wait, by its lane and place; by
/// its key; by the job that it waits for. Those that run stand together in a
/// few records of their queue.
/// Large payloads, and outputs, are apart: what changes often stays small.
enum JobRecords {
    static var items: String { "job/item/" }
    static var queues: String { "job/queue/" }
    static var running: String { "job/run/" }
    static var waiting: String { "job/wait/" }

    /// The number of the next job.
    static var next: RecordKey { RecordKey("job/next") }
    /// Where pruning goes on.
    static var pruned: RecordKey { RecordKey("job/pruned") }
    /// The jobs that were removed last, and whose logs may be there still.
    static var unlogged: RecordKey { RecordKey("job/unlogged") }

    static func item(_ id: JobID) -> RecordKey { RecordKey(items + id.digits) }
    static func payload(_ id: JobID) -> RecordKey { RecordKey("job/payload/" + id.digits) }
    static func output(_ id: JobID) -> RecordKey { RecordKey("job/output/" + id.digits) }
    static func queue(_ name: String) -> RecordKey { RecordKey(queues + name) }

    static func running(_ queue: String) -> String { running + queue + "/" }
    /// The record that a job is in while it runs.
    static func running(_ queue: String, _ id: JobID) -> RecordKey {
        let place = id.rawValue % RunningJobs.places
        return RecordKey(running(queue) + (place < 10 ? "0" : "") + String(place))
    }

    /// The jobs that wait in a lane of a queue.
    static func waiting(_ queue: String, _ lane: JobLane) -> String {
        waiting + queue + "/" + lane.name + "/"
    }
    static func waiting(_ queue: String, _ lane: JobLane, _ place: JobPlace) -> RecordKey {
        RecordKey(waiting(queue, lane) + place.digits)
    }

    /// The job that has a key: 128 bits of hash stand for it, which may be
    /// longer than a record's key.
    static func key(_ queue: String, _ key: String) -> RecordKey {
        var digits: [UInt8] = []
        Array(key.utf8).withUnsafeBytes { bytes in
            // Fixed keys: the name must be the same in every store and version.
            digits.append(hexadecimal: SipHash(k0: 0, k1: 0).hash(bytes))
            digits.append(hexadecimal: SipHash(k0: 1, k1: 0).hash(bytes))
        }
        return RecordKey(
            "job/key/" + queue + "/" + String(decoding: digits, as: UTF8.self))
    }

    /// The jobs that wait for the end of a job.
    static func dependents(of id: JobID) -> String { "job/after/" + id.digits + "/" }
    static func dependent(_ dependent: JobID, of id: JobID) -> RecordKey {
        RecordKey(dependents(of: id) + dependent.digits)
    }

    /// The number at the end of a key.
    static func id(atEndOf key: RecordKey) -> JobID? {
        UInt64(decimal: Array(key.text.utf8.suffix(16))[...]).map { JobID(rawValue: $0) }
    }

    static func damaged(_ key: RecordKey) -> CoordinatorError {
        CoordinatorError(.damaged, "the record " + key.text + " is not one of a job")
    }

    static func value(_ number: UInt64) -> [UInt8] {
        var digits: [UInt8] = []
        digits.append(decimal: number)
        return digits
    }
}

/// A line of waiting jobs of one queue: those of one priority and one kind
/// that may run at once, or that wait for their time.
struct JobLane: Hashable {
    let priority: Int
    /// Whether its jobs have a time before which they may not run.
    let isTimed: Bool
    let kind: String

    /// `05a:job`
    var name: String {
        let tens = String(priority / 10) + String(priority % 10)
        return tens + (isTimed ? "s:" : "a:") + kind
    }

    init(priority: Int, isTimed: Bool, kind: String) {
        self.priority = priority
        self.isTimed = isTimed
        self.kind = kind
    }

    init?(_ name: String) {
        let bytes = Array(name.utf8)
        guard bytes.count > 4, let priority = Int(decimal: bytes[..<2]),
            bytes[2] == UInt8(ascii: "a") || bytes[2] == UInt8(ascii: "s"),
            bytes[3] == UInt8(ascii: ":")
        else { return nil }
        self.priority = priority
        isTimed = bytes[2] == UInt8(ascii: "s")
        kind = String(decoding: bytes[4...], as: UTF8.self)
    }
}

/// The place of a job in its lane: by its order, which is the time from which
/// on it may run, then by its number. So places of several lanes compare.
struct JobPlace: Hashable, Comparable {
    let order: UInt64
    let id: JobID

    var digits: String { JobID.digits(order) + id.digits }

    /// The order of a job that may run from a time on, in milliseconds since
    /// 1970: finer, so that many may come at one moment.
    static func order(at time: Int64) -> UInt64 {
        UInt64(clamping: time) * 1000
    }

    /// Such a time.
    var time: Int64 { Int64(clamping: order / 1000) }

    init(order: UInt64, id: JobID) {
        self.order = order
        self.id = id
    }

    /// Reads the last 32 digits.
    init?(_ bytes: some Collection<UInt8>) {
        let digits = Array(bytes.suffix(32))
        guard digits.count == 32, let order = UInt64(decimal: digits[..<16]),
            let id = UInt64(decimal: digits[16...])
        else { return nil }
        self.order = order
        self.id = JobID(rawValue: id)
    }

    static func < (left: JobPlace, right: JobPlace) -> Bool {
        left.order == right.order ? left.id < right.id : left.order < right.order
    }
}
