// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The loop of a worker: claims what it has room for, has it done, and writes
/// down how it ended. The end of one job and the claim of the next are one
/// transaction.
///
/// It runs on one thread, which sleeps unless there is something to do. What it
/// has in memory is used by that thread alone; `stop` may be called by any.
///
/// `@unchecked Sendable` because of that.
final class JobWorker: @unchecked Sendable {
    struct Options: Sendable {
        var queues: [String]
        /// The kinds of jobs that it knows; nil is all.
        var kinds: [String]?
        /// How many jobs it works on at once.
        var concurrency = 1
        /// How many workers of a queue there may be; nil is no limit.
        var instances: Int?
        /// Whether it ends when nothing is left to do, now or later.
        var isUntilEmpty = false
        /// How long it lets jobs go on after it was told to stop; nil is for ever.
        var grace: Duration?
        /// How long work that was asked to end is given before it is ended.
        var killGrace: Duration = .seconds(5)
    }

    /// What a worker has done.
    struct Totals: Hashable, Sendable {
        var completed = 0
        var failed = 0
        var running = 0
        /// How many wait in its queues.
        var waiting = 0
    }

    private let coordinator: Coordinator
    private let options: Options
    private let executor: any JobExecutor
    private let onChange: (Totals) -> Void
    private let results: Mailbox<(JobID, JobResult)>
    private let stopping: WakeUp
    /// Each byte that comes out of it tells the worker to stop, then to hurry.
    private let signals: FileDescriptor?

    private var active: [JobID: Active] = [:]
    private var station: WorkStation?
    private var totals = Totals()
    private var phase = Phase.working
    /// Whether jobs may be claimed for this worker of which it does not know.
    private var isInDoubt = false
    /// Whether somebody has said that a job of this worker is to end.
    private var hasOrders = false

    private struct Active {
        var job: Job
        let token: UInt64
        let work: any RunningJob
        let began: UInt64
        /// The directory of the store that the job is of.
        let store: FileIdentity
        var timeout: Deadline?
        var killing: Deadline?
        /// Why it was asked to end; nil where it was not.
        var ending: Ending?
    }

    private enum Ending {
        case stop, order, timeout, lost
    }

    private enum Phase: Equatable {
        case working
        /// Claims no more; what runs is asked to end then.
        case draining(until: Deadline?)
        case ending
    }

    init(
        _ coordinator: Coordinator, _ options: Options, _ executor: any JobExecutor,
        signals: FileDescriptor? = nil, onChange: @escaping (Totals) -> Void = { _ in }
    ) throws {
        for queue in options.queues { try JobRule.check(queue: queue) }
        guard !options.queues.isEmpty else {
            throw CoordinatorError(.invalid, "a worker serves at least one queue")
        }
        guard (1...1000).contains(options.concurrency) else {
            throw CoordinatorError(.invalid, "a worker works on 1 to 1000 jobs at once")
        }
        self.coordinator = coordinator
        self.options = options
        self.executor = executor
        self.signals = signals
        self.onChange = onChange
        do throws(SystemError) {
            results = try Mailbox()
            stopping = try WakeUp()
        } catch {
            throw CoordinatorError.system("cannot start a worker", error)
        }
    }

    /// Lets what runs come to its end within the grace, and then ends.
    func stop() {
        stopping.wake()
    }

    // MARK: The loop

    /// Works until it is stopped, or there is nothing left. Blocks the
    /// current thread.
    @discardableResult
    func run() throws -> Totals {
        defer { takeDown() }
        do {
            var finished: [(JobID, JobResult)] = []
            while true {
                finished += results.take()
                let outcome: Step
                do {
                    outcome = try step(finished)
                    finished = []
                    retries = 0
                } catch {
                    // Times that jobs asked for hold in a store that cannot be used too.
                    let pause = try retry(after: error)
                    try wait(until: Deadline.sooner(pause, watchOver()))
                    continue
                }
                if outcome.isDone { return totals }
                try wait(until: outcome.next)
            }
        } catch {
            // Nobody will look after what still runs: it is not to go on as if
            // somebody did.
            for entry in active.values { entry.work.cancel() }
            throw error
        }
    }

    private struct Step {
        var isDone = false
        var next: Deadline?
    }

    private var hasRoom: Bool { phase == .working && active.count < options.concurrency }

    /// Writes down what has ended, claims what there is room for, and begins it.
    private func step(_ finished: [(JobID, JobResult)]) throws -> Step {
        let station = try stationed()
        // Where a step failed after its transaction, some are written down already.
        let finished = finished.filter { active[$0.0] != nil }
        var step = Step()
        let isLeaving = phase != .working && station.isServing
        if !finished.isEmpty || hasRoom || isInDoubt || isLeaving {
            let outcome = try transact(finished, station)
            for (id, _) in finished { active.removeValue(forKey: id) }
            isInDoubt = false
            for (job, payload) in outcome.claimed { begin(job, payload, station) }
            step.next = outcome.next
            step.isDone = outcome.isDone
            totals.waiting = outcome.waiting
        }
        totals.running = active.count
        onChange(totals)
        if phase != .working && active.isEmpty { step.isDone = true }
        if step.isDone { return step }
        if hasOrders { try obey() }
        step.next = Deadline.sooner(step.next, watchOver())
        step.next = Deadline.sooner(step.next, try station.member.rescue.runWhereDue())
        return step
    }

    /// Sleeps until something has happened. After a failure of the store, only
    /// time and the wish that the worker stop end the sleep.
    private func wait(until deadline: Deadline?) throws {
        var files: [FileDescriptor] = []
        let watches = station?.member.rescue.watches ?? []
        defer { withExtendedLifetime(watches) {} }
        if phase == .working { files.append(stopping.reading) }
        if let signals { files.append(signals) }
        if let station, retries == 0 {
            files += [results.flag, station.orders.flag, station.place]
            if hasRoom { files.append(station.jobs.flag) }
            files += watches.map(\.file)
        }
        let ready = try poll(files, until: deadline)
        // What else is ready still is so at the next wait.
        guard let file = ready.map({ files[$0] }) else { return }
        if file == stopping.reading {
            hurry()
        } else if file == signals {
            for _ in 0..<takeSignals() { hurry() }
        } else if file == station?.orders.flag {
            try station?.orders.silence()
            hasOrders = true
        } else if file == station?.jobs.flag {
            try station?.jobs.silence()
        } else if file == station?.place {
            try station?.lookAround()
        }
    }

    private func poll(
        _ files: [FileDescriptor], until deadline: Deadline?
    ) throws(CoordinatorError) -> Int? {
        do throws(SystemError) {
            return try Poll.wait(files, until: deadline)
        } catch {
            throw .system("cannot wait for jobs", error)
        }
    }

    // MARK: Trouble

    private var retries = 0
    /// How often in a row the store is tried before the worker gives up.
    static var maximumRetries: Int { 30 }

    /// When to try again after a failure; throws it where that is of no use.
    ///
    /// What was asked for may have been done all the same: what has ended is
    /// compared with its claim again, and jobs that were claimed unseen are
    /// handed back.
    private func retry(after error: any Error) throws -> Deadline {
        isInDoubt = true
        retries += 1
        guard let failure = error as? CoordinatorError, failure.isPassing,
            retries <= Self.maximumRetries
        else { throw error }
        let delay = Duration.milliseconds(min(5000, 1 << min(retries + 2, 13)))
        coordinator.events.report(
            .storeRetried,
            [
                .number("attempt", retries), .duration("delay", delay),
                .text("error", failure.message),
            ])
        return Deadline(after: delay)
    }

    /// What is put up in the store, put up anew where it is not the store in
    /// which it was.
    private func stationed() throws -> WorkStation {
        if let station, station.isInPlace { return station }
        let isMove = self.station != nil || retries > 0
        takeDown()
        if isMove && (try? FileCalls.status(ofPath: coordinator.path)) == nil {
            // Somebody is about to put another there: made anew it would be in
            // the way.
            throw CoordinatorError(.moved, "the store " + coordinator.path + " is gone")
        }
        let station = try WorkStation(coordinator, options)
        self.station = station
        coordinator.rescuePace.reset()
        return station
    }

    private func takeDown() {
        station?.takeDown()
        station = nil
    }

    // MARK: The transaction

    private struct Outcome {
        var claimed: [(Job, payload: [UInt8])] = []
        var next: Deadline?
        var isDone = false
        var waiting = 0
        var skipped = 0
    }

    private func transact(
        _ finished: [(JobID, JobResult)], _ station: WorkStation
    ) throws -> Outcome {
        let member = station.member
        let room = phase == .working ? options.concurrency - active.count + finished.count : 0
        let began = Clock.monotonic
        var endings: [EndedAttempt] = []
        var isLeaving = false
        var outcome = try coordinator.write("job.work", isEssential: !finished.isEmpty) {
            transaction in
            (endings, isLeaving) = ([], false)
            let now = Clock.wallMilliseconds
            for (id, result) in finished {
                guard let active = active[id] else { continue }
                let result = effective(result, active)
                // In a store that has come in the place of the job's own, one of
                // its number is another.
                let after =
                    active.store == station.store
                    ? try transaction.settle(active.job, active.token, result) : nil
                endings.append(
                    EndedAttempt(
                        before: active.job, began: active.began, result: result, after: after))
            }
            if isInDoubt {
                for queue in options.queues {
                    try transaction.handBack(
                        claimedBy: member.name, from: queue, except: { active[$0] != nil })
                }
            }
            var outcome = Outcome()
            guard phase == .working else {
                // Whoever adds a job from now on sees that nobody will claim it.
                isLeaving = station.isServing
                if isLeaving { station.unregister(&transaction) }
                return outcome
            }
            var free = room
            var nextDue: Int64?
            var isEmpty = true
            for queue in options.queues {
                let claim = try transaction.claim(
                    ClaimRequest(
                        queue: queue, limit: free, kinds: options.kinds,
                        holder: member.presence.holder,
                        proof: executor.runsCommands
                            ? .command(of: member.name) : .member(member.name),
                        lease: nil), at: now)
                free -= claim.jobs.count
                outcome.skipped += claim.skipped
                for job in claim.jobs {
                    outcome.claimed.append((job, try transaction.payload(of: job)))
                }
                if let due = claim.nextDue { nextDue = min(nextDue ?? .max, due) }
                let record = try transaction.queueRecord(queue)
                isEmpty = isEmpty && record.isEmpty(of: options.kinds)
                outcome.waiting += record.waiting
            }
            let isIdle = active.count == finished.count && outcome.claimed.isEmpty
            if options.isUntilEmpty && isEmpty && isIdle {
                // In the transaction that found nothing left: whoever adds a job
                // after it sees that nobody serves the queue.
                isLeaving = true
                station.unregister(&transaction)
                outcome.isDone = true
            }
            outcome.next = nextDue.map { Self.deadline(of: $0, now) }
            return outcome
        }
        if isLeaving {
            station.hasUnregistered()
            if phase != .working {
                coordinator.events.report(
                    .workerStopping, [.number("running", active.count - finished.count)])
            }
        }
        if room == 0 { outcome.next = nil }
        report(endings, outcome, took: .nanoseconds(Int64(clamping: Clock.monotonic - began)))
        return outcome
    }

    private func report(_ endings: [EndedAttempt], _ outcome: Outcome, took: Duration) {
        for ended in endings {
            switch ended.result {
            case .completed: totals.completed += 1
            case .failed, .cancelled: totals.failed += 1
            case .snoozed, .released, .settled: break
            }
            guard coordinator.events.isHeard else { continue }
            coordinator.events.report(ended.event, ended.details)
        }
        guard coordinator.events.isHeard else { return }
        if !outcome.claimed.isEmpty || outcome.skipped > 0 {
            coordinator.events.report(
                .jobClaimed,
                [
                    .text("queue", options.queues.joined(separator: " ")),
                    .number("count", outcome.claimed.count), .number("skipped", outcome.skipped),
                    .duration("took", took),
                ])
        }
    }

    /// The wall clock may be set meanwhile: it is looked at again at least
    /// once a minute while a job waits for its time.
    static func deadline(of time: Int64, _ now: Int64) -> Deadline {
        Deadline(after: .milliseconds(min(max(0, time - now), 60_000)))
    }

    /// What an ending comes to, seen that the worker itself may have asked for it.
    private func effective(_ result: JobResult, _ active: Active) -> JobResult {
        guard case .failed = result else { return result }
        switch active.ending {
        case .stop: return .released
        case .timeout: return .failed("it took longer than it may")
        case .order, .lost, nil: return result
        }
    }

    // MARK: Work

    private func begin(_ job: Job, _ payload: [UInt8], _ station: WorkStation) {
        guard let claim = job.claim else { preconditionFailure("a claimed job has a claim") }
        let results = results
        let work = executor.start(job, payload: payload, for: station.member) { result in
            results.post((job.id, result))
        }
        active[job.id] = Active(
            job: job, token: claim.token, work: work, began: Clock.monotonic,
            store: station.store,
            timeout: job.timeout.map { Deadline(after: $0) })
    }

    /// Asks what has taken too long to end, and ends what would not.
    ///
    /// - Returns: When to look again.
    private func watchOver() -> Deadline? {
        var next: Deadline?
        if case .draining(let deadline?) = phase {
            if deadline.isPast { hurry() } else { next = deadline }
        }
        for id in active.keys {
            guard var entry = active[id] else { continue }
            if let timeout = entry.timeout, entry.ending == nil {
                if timeout.isPast {
                    end(&entry, .timeout)
                } else {
                    next = Deadline.sooner(next, timeout)
                }
            }
            if let killing = entry.killing {
                if killing.isPast {
                    entry.work.kill()
                    entry.killing = nil
                } else {
                    next = Deadline.sooner(next, killing)
                }
            }
            active[id] = entry
        }
        return next
    }

    private func end(_ entry: inout Active, _ reason: Ending) {
        if entry.ending != nil { return }
        entry.ending = reason
        entry.killing = Deadline(after: options.killGrace)
        entry.work.cancel()
    }

    /// Stops, or stops sooner.
    private func hurry() {
        switch phase {
        case .working:
            phase = .draining(until: options.grace.map { Deadline(after: $0) })
        case .draining:
            phase = .ending
            for id in active.keys {
                guard var entry = active[id] else { continue }
                end(&entry, .stop)
                active[id] = entry
            }
        case .ending:
            for entry in active.values { entry.work.kill() }
        }
    }

    private func takeSignals() -> Int {
        guard let signals else { return 0 }
        var buffer = UInt64(0)
        let count = withUnsafeMutableBytes(of: &buffer) { try? FileCalls.read(signals, into: $0) }
        return count ?? 0
    }

    /// Ends the jobs that somebody has cancelled, and those that are no longer
    /// this worker's.
    private func obey() throws {
        let tokens = active.mapValues(\.token)
        let orders = try coordinator.read { view in
            var orders: [JobID: Ending] = [:]
            for (id, token) in tokens {
                let job = try view.record(JobRecords.item(id)).map { try Job($0) }
                if let job, job.state == .running, job.claim?.token == token {
                    if job.isBeingCancelled { orders[id] = .order }
                } else {
                    orders[id] = .lost
                }
            }
            return orders
        }
        hasOrders = false
        for (id, ending) in orders {
            guard var entry = active[id] else { continue }
            end(&entry, ending)
            active[id] = entry
        }
    }
}

extension CoordinatorError {
    /// Whether the machine has no room, descriptors or processes left.
    var isShortage: Bool { code == .noRoom || code == .exhausted }

    /// Whether the same may succeed later although nobody mends anything here.
    var isPassing: Bool {
        switch code {
        case .timedOut, .moved, .noRoom, .exhausted, .inputOutput, .indeterminate, .notFound:
            true
        default: false
        }
    }
}
