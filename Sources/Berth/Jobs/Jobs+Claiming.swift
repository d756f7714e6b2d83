// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension Jobs {
    /// Claims jobs for a process that is not a worker of Berth, such as a
    /// shell script. Blocks the current thread, but waits for no job: what
    /// others have is passed over.
    ///
    /// - Parameters:
    ///   - queue: The queue.
    ///   - limit: How many at most.
    ///   - kinds: Of these kinds only; nil is all.
    ///   - process: The process that does them; when it dies they are free
    ///     again. Nil where a lease alone tells.
    ///   - lease: How long the claims last without a renewal; without one, and
    ///     without a process, 15 minutes.
    ///   - timeout: How long to wait where there is nothing to claim.
    /// - Returns: The jobs, each with its claim; none where there was nothing
    ///   that might be claimed.
    /// - Throws: ``CoordinatorError`` with `notFound` where there is no such process.
    public func claim(
        from queue: String, limit: Int = 1, kinds: [String]? = nil,
        forProcess process: Int32? = nil,
        lease: Duration? = nil, timeout: Duration = .zero
    ) throws -> [Job] {
        try JobRule.check(queue: queue)
        guard (1...10_000).contains(limit) else {
            throw CoordinatorError(.invalid, "1 to 10000 jobs can be claimed at once")
        }
        if let lease {
            try JobRule.check(duration: lease, "the lease")
            if lease.milliseconds == 0 {
                throw CoordinatorError(.invalid, "the lease is less than a millisecond")
            }
        }
        let request = ClaimRequest(
            queue: queue, limit: limit, kinds: kinds, holder: try holder(process),
            proof: process == nil ? .lease : .process,
            lease: lease ?? (process == nil ? Self.defaultLease : nil))
        let deadline = Deadline(after: timeout)
        return try coordinator.wait(for: [.jobs(of: queue)], until: deadline) { () -> Look in
            // What others have lost comes before what waits.
            if coordinator.rescuePace.isDue { try rescue() }
            let outcome = try claim(request)
            if !outcome.jobs.isEmpty { return .found(outcome.jobs) }
            // Now everything that they had written is seen as well.
            let rescued = try rescueWhatRuns()
            let second = rescued.rescued > 0 ? try claim(request) : outcome
            if !second.jobs.isEmpty { return .found(second.jobs) }
            let now = Clock.wallMilliseconds
            let due = second.nextDue.map { JobWorker.deadline(of: $0, now) }
            return .nothing(
                until: Deadline.sooner(due, rescued.next), watching: rescued.watches)
        } ?? []
    }

    private func claim(_ request: ClaimRequest) throws -> ClaimOutcome {
        let began = Clock.monotonic
        let outcome = try coordinator.write("job.claim") {
            try $0.claim(request, at: Clock.wallMilliseconds)
        }
        coordinator.report(
            outcome.jobs.count, skipped: outcome.skipped, from: request.queue, since: began)
        return outcome
    }

    /// How long a claim lasts of which nothing else tells the end.
    public static var defaultLease: Duration { .seconds(900) }

    private func holder(_ process: Int32?) throws(CoordinatorError) -> Holder {
        do throws(SystemError) {
            guard let process else { return try coordinator.ownHolder.get() }
            if let holder = try Holder.living(process) { return holder }
        } catch {
            throw .system("cannot look at the process", error)
        }
        throw CoordinatorError(
            .notFound, "there is no process " + (process.map { String($0) } ?? ""))
    }

    /// Takes back the jobs of those who died, and those whose claims have
    /// ended. Blocks the current thread until the commands that such jobs had
    /// started have been ended.
    ///
    /// Nobody needs to while a worker lives, whatever its queue: it does so at once.
    ///
    /// - Returns: How many jobs may be claimed again.
    /// - Throws: ``CoordinatorError``.
    @discardableResult
    public func rescue() throws -> Int {
        try rescueWhatRuns().rescued
    }

    private func rescueWhatRuns() throws -> JobRescue.Outcome {
        let isAnythingRunning = try coordinator.read { view in
            var isRunning = false
            try view.forEach(prefix: JobRecords.running) { _ in
                isRunning = true
                return false
            }
            return isRunning
        }
        if isAnythingRunning {
            return try JobRescue(coordinator).run(waitingForCommands: true)
        }
        coordinator.rescuePace.note(next: nil)
        return JobRescue.Outcome()
    }

    /// The same, for one who only looks, and may not be allowed to do more.
    ///
    /// - Returns: The jobs whose workers are gone and whose commands go on where
    ///   this process cannot end them.
    package func rescueWhereAllowed() throws -> [JobID] {
        do {
            return try rescueWhatRuns().beyondReach
        } catch let error as CoordinatorError where error.code == .permission {
            return []
        }
    }
}
