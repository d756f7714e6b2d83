// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// What holds for all jobs of a queue. It is kept in the store.
public struct JobQueueSettings: Hashable, Sendable {
    /// Whether no job may be claimed.
    public var isPaused = false
    /// The groups of which no job may be claimed: at most 64.
    public var pausedGroups: Set<String> = []
    /// How many jobs may run at once; nil is no limit.
    public var limit: Int?
    /// How many jobs of one group may run at once; nil is no limit.
    public var limitPerGroup: Int?
    /// How long completed and cancelled jobs are kept.
    public var keepsCompleted: Duration = .seconds(86_400)
    /// How long discarded jobs are kept.
    public var keepsDiscarded: Duration = .seconds(7 * 86_400)
    /// How many ended jobs are kept at most, in whatever state.
    public var keepsAtMost = 100_000

    /// What holds for a queue of which nobody said anything.
    public init() {}

    /// How long a job is kept that ended in a state.
    func keeps(_ state: JobState) -> Duration {
        state == .discarded ? keepsDiscarded : keepsCompleted
    }

    /// Pauses or resumes the queue, or one of its groups.
    mutating func pause(_ group: String?, _ isToBePaused: Bool) {
        guard let group else {
            isPaused = isToBePaused
            return
        }
        if isToBePaused {
            pausedGroups.insert(group)
        } else {
            pausedGroups.remove(group)
        }
    }

    func check() throws(CoordinatorError) {
        if pausedGroups.count > 64 {
            throw CoordinatorError(.invalid, "at most 64 groups of a queue can be paused")
        }
        for group in pausedGroups { try JobRule.check(text: group, "the group") }
        for limit in [limit, limitPerGroup] {
            if let limit, limit < 1 || limit > 100_000 {
                throw CoordinatorError(.invalid, "a limit is from 1 to 100000")
            }
        }
        if keepsAtMost < 0 || keepsAtMost > 1_000_000_000 {
            throw CoordinatorError(.invalid, "the number of kept jobs is out of range")
        }
        try JobRule.check(duration: keepsCompleted, "the time that completed jobs are kept")
        try JobRule.check(duration: keepsDiscarded, "the time that discarded jobs are kept")
    }

    /// Writes what differs from the defaults.
    func write(to writer: inout JSONWriter) {
        let usual = JobQueueSettings()
        if isPaused { writer.member("paused", true) }
        if !pausedGroups.isEmpty {
            writer.member("pausedGroups")
            writer.beginArray()
            for group in pausedGroups.sorted() { writer.value(group) }
            writer.endArray()
        }
        if let limit { writer.member("limit", limit) }
        if let limitPerGroup { writer.member("groupLimit", limitPerGroup) }
        if keepsCompleted != usual.keepsCompleted {
            writer.member("keepsCompleted", keepsCompleted.milliseconds)
        }
        if keepsDiscarded != usual.keepsDiscarded {
            writer.member("keepsDiscarded", keepsDiscarded.milliseconds)
        }
        if keepsAtMost != usual.keepsAtMost { writer.member("keepsAtMost", keepsAtMost) }
    }

    init(_ fields: JSONFields) {
        isPaused = fields.bool("paused") ?? false
        pausedGroups = Set(
            fields.array("pausedGroups")?.compactMap { JSONScan.string($0) } ?? [])
        limit = fields.integer("limit")
        limitPerGroup = fields.integer("groupLimit")
        if let kept: Int64 = fields.integer("keepsCompleted") {
            keepsCompleted = .milliseconds(kept)
        }
        if let kept: Int64 = fields.integer("keepsDiscarded") {
            keepsDiscarded = .milliseconds(kept)
        }
        if let kept: Int = fields.integer("keepsAtMost") { keepsAtMost = kept }
    }
}
