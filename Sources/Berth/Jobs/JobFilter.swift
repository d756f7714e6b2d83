// SPDX-License-Identifier: Apache-2.0

/// Which jobs are meant: those that meet all that is said.
public struct JobFilter: Hashable, Sendable {
    /// Of this queue.
    public var queue: String?
    /// In one of these states.
    public var states: Set<JobState>?
    /// Of this kind.
    public var kind: String?
    /// With this key.
    public var key: String?
    /// Of this group.
    public var group: String?
    /// With this tag.
    public var tag: String?

    /// All jobs.
    public init(
        queue: String? = nil, states: Set<JobState>? = nil, kind: String? = nil,
        key: String? = nil, group: String? = nil, tag: String? = nil
    ) {
        self.queue = queue
        self.states = states
        self.kind = kind
        self.key = key
        self.group = group
        self.tag = tag
    }

    /// Whether a job is meant.
    public func matches(_ job: Job) -> Bool {
        if let queue, job.queue != queue { return false }
        if let states, !states.contains(job.state) { return false }
        if let kind, job.kind != kind { return false }
        if let key, job.key != key { return false }
        if let group, job.group != group { return false }
        if let tag, !job.tags.contains(tag) { return false }
        return true
    }
}
