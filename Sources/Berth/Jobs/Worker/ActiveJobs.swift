// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The jobs that a worker is at, and what it has asked of their work.
struct ActiveJobs {
    /// Why work was asked to end.
    enum Ending {
        case stop, order, timeout, lost
    }

    struct Entry {
        let job: Job
        let token: UInt64
        let work: any RunningJob
        /// When the work began, on the monotonic clock.
        let began: UInt64
        /// The directory of the store that the job is of.
        let store: FileIdentity
        fileprivate var timeout: Deadline?
        fileprivate var killing: Deadline?
        /// Nil where it was not asked.
        fileprivate(set) var ending: Ending?

        init(_ job: Job, _ work: any RunningJob, since began: UInt64, of store: FileIdentity) {
            self.job = job
            self.work = work
            self.began = began
            self.store = store
            token = job.lastToken
            timeout = job.timeout.map { Deadline(after: $0) }
        }

        /// What the end of the work comes to, seen that it may have been asked for.
        func meaning(of result: JobResult) -> JobResult {
            guard case .failed = result else { return result }
            switch ending {
            case .stop: return .released
            case .timeout: return .failed("it took longer than it may")
            case .order, .lost, nil: return result
            }
        }
    }

    private var entries: [JobID: Entry] = [:]
    /// How long work that was asked to end is given before it is ended.
    private let grace: Duration

    init(killingAfter grace: Duration) {
        self.grace = grace
    }

    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }
    var tokens: [JobID: UInt64] { entries.mapValues(\.token) }

    subscript(id: JobID) -> Entry? { entries[id] }

    mutating func add(_ entry: Entry) {
        entries[entry.job.id] = entry
    }

    mutating func remove(_ id: JobID) {
        entries.removeValue(forKey: id)
    }

    // MARK: Ending

    /// Asks work to end soon.
    mutating func end(_ id: JobID, _ reason: Ending) {
        guard entries[id]?.ending == nil else { return }
        entries[id]?.ending = reason
        entries[id]?.killing = Deadline(after: grace)
        entries[id]?.work.cancel()
    }

    /// Asks all work to end soon.
    mutating func endAll(_ reason: Ending) {
        for id in entries.keys { end(id, reason) }
    }

    /// Ends all work, where that can be done.
    func killAll() {
        for entry in entries.values { entry.work.kill() }
    }

    /// Asks what has taken too long to end, and ends what would not.
    ///
    /// - Returns: When to look again.
    mutating func watchOver() -> Deadline? {
        var next: Deadline?
        for (id, entry) in entries {
            if let timeout = entry.timeout, entry.ending == nil {
                if timeout.isPast {
                    end(id, .timeout)
                } else {
                    next = Deadline.sooner(next, timeout)
                }
            }
            guard let killing = entries[id]?.killing else { continue }
            if killing.isPast {
                entry.work.kill()
                entries[id]?.killing = nil
            } else {
                next = Deadline.sooner(next, killing)
            }
        }
        return next
    }
}

/// Work that has ended by itself, or as it was asked to.
struct FinishedWork: Sendable {
    let id: JobID
    let result: JobResult
    /// When, on the monotonic clock.
    let ended: UInt64
}
