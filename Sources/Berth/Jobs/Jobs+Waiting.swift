// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension Jobs {
    /// What is waited for.
    public enum Goal: Hashable, Sendable {
        /// That all of these jobs have ended, or are in one of these states.
        case jobs([JobID], states: Set<JobState>?)
        /// That no job of a queue waits or runs.
        case emptyQueue(String)
        /// That no job of a queue, or of one group of it, runs.
        case idleQueue(String, group: String? = nil)
    }

    /// Waits until something has come about. Blocks the current thread; it
    /// sleeps, and is woken.
    ///
    /// - Parameters:
    ///   - goal: What is waited for.
    ///   - timeout: How long at most; nil waits without an end.
    /// - Returns: The jobs that were named, as they are then; those of a queue
    ///   that was to be empty that were discarded or cancelled meanwhile.
    /// - Throws: ``CoordinatorError`` with `timedOut`, with `notFound` where
    ///   there is no such job, and with `unavailable` where one has ended and
    ///   will not come to any of the states.
    public func wait(for goal: Goal, timeout: Duration? = nil) throws -> [Job] {
        try wait(for: goal, timeout: timeout, nil)
    }

    func wait(
        for goal: Goal, timeout: Duration?, _ cancellation: BerthStore.Cancellation?
    ) throws -> [Job] {
        try rescue()
        let before = try failed(goal)
        let found = try coordinator.wait(
            for: try interests(of: goal), until: timeout.map { Deadline(after: $0) }, cancellation
        ) { () throws -> Look<[Job]> in
            let jobs = try coordinator.write("job.wait") { try $0.jobs(for: goal) }
            if let jobs { return .found(jobs) }
            let rescue = try JobRescue(coordinator).run()
            return .nothing(until: rescue.next, watching: rescue.watches)
        }
        guard let found else {
            throw CoordinatorError(.timedOut, "what was waited for has not come about in time")
        }
        return try found + failed(goal).filter { !before.contains($0) }
    }

    /// Those of a queue that is to be empty that were discarded or cancelled.
    private func failed(_ goal: Goal) throws -> [Job] {
        guard case .emptyQueue(let name) = goal else { return [] }
        let states: Set<JobState> = [.discarded, .cancelled]
        // Most often there are none, which costs one look.
        let hasAny = try queues().contains { queue in
            queue.name == name && states.contains { queue.count($0) > 0 }
        }
        return hasAny ? try list(JobFilter(queue: name, states: states)) : []
    }

    private func interests(of goal: Goal) throws -> [Interest] {
        switch goal {
        case .emptyQueue(let queue), .idleQueue(let queue, _):
            try JobRule.check(queue: queue)
            return [.ends(of: queue)]
        case .jobs(let ids, _):
            let queues = Set(try ids.map { try known($0).queue })
            return queues.map { .ends(of: $0) }
        }
    }
}

extension CoordinatorTransaction {
    /// The jobs of a goal that has been reached; nil where it has not.
    fileprivate func jobs(for goal: Jobs.Goal) throws -> [Job]? {
        switch goal {
        case .emptyQueue(let name):
            let queue = try queueRecord(name)
            return queue.waiting + queue.count(.running) == 0 ? [] : nil
        case .idleQueue(let name, nil):
            return try queueRecord(name).count(.running) == 0 ? [] : nil
        case .idleQueue(let name, let group):
            return try running(in: name).contains { $0.group == group } ? nil : []
        case .jobs(let ids, let states):
            var jobs: [Job] = []
            for id in ids {
                let job = try knownJob(id)
                guard let states else {
                    if !job.state.isFinal { return nil }
                    jobs.append(job)
                    continue
                }
                if !states.contains(job.state) {
                    if !job.state.isFinal { return nil }
                    throw CoordinatorError(
                        .unavailable,
                        "job " + id.description + " has ended: it is " + job.state.rawValue)
                }
                jobs.append(job)
            }
            return jobs
        }
    }
}
