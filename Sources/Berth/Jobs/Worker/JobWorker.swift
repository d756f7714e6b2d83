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
    private var station: Station?
    private var totals = Totals()
    private var phase = Phase.working
    /// Whether jobs may be claimed for this worker of which it does not know.
    private var isInDoubt = false
    /// When a claim of somebody may end without being heard of, as far as is known.
    private var nextRescue: Deadline?
    /// From when on each step looks again: claims that have come since may end sooner.
    private var lastRescue = Deadline(after: .zero)

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

    /// What is put up in the store as it is now: a store that was moved or
    /// replaced needs another.
    private struct Station {
        let member: JobMember
        /// Rung when there may be something to claim.
        let jobs: Bell
        /// Rung when a job of this worker is to end.
        let orders: Bell
        /// The directory of the store.
        let store: FileIdentity
        /// Can be read when that was moved or removed.
        var place: FileDescriptor
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
        var finished: [(JobID, JobResult)] = []
        while true {
            finished += results.take()
            var pause: Deadline?
            do {
                let outcome = try step(finished)
                finished = []
                if outcome.isDone { return totals }
                pause = outcome.next
                retries = 0
            } catch {
                pause = try retry(after: error)
            }
            try wait(until: pause)
        }
    }

    private struct Step {
        var isDone = false
        var next: Deadline?
    }

    /// How often a worker that is busy looks for claims that have ended.
    private static var rescueInterval: Duration { .milliseconds(500) }

    private var hasRoom: Bool { phase == .working && active.count < options.concurrency }

    /// Writes down what has ended, claims what there is room for, and begins it.
    private func step(_ finished: [(JobID, JobResult)]) throws -> Step {
        let station = try stationed()
        var step = Step()
        if !finished.isEmpty || hasRoom || isInDoubt {
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
        step.next = Deadline.sooner(step.next, try watchOver())
        step.next = Deadline.sooner(step.next, try rescue(station))
        return step
    }

    /// Takes back what others lost, where it is time to look.
    ///
    /// - Returns: When to look again.
    private func rescue(_ station: Station) throws -> Deadline? {
        if nextRescue?.isPast ?? false || lastRescue.isPast {
            nextRescue = try station.member.rescue.run().next
            lastRescue = Deadline(after: Self.rescueInterval)
        }
        return nextRescue
    }

    /// Sleeps until something has happened. After a failure of the store, only
    /// time and the wish that the worker stop end the sleep.
    private func wait(until deadline: Deadline?) throws {
        var files: [FileDescriptor] = []
        if phase == .working { files.append(stopping.reading) }
        if let signals { files.append(signals) }
        if let station, retries == 0 {
            files += [results.flag, station.orders.flag, station.place]
            if hasRoom { files.append(station.jobs.flag) }
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
            try obey()
        } else if file == station?.jobs.flag {
            try station?.jobs.silence()
        } else if file == station?.place {
            try lookAround()
        }
    }

    /// The store's directory was moved, or something less: the next step
    /// finds out which.
    private func lookAround() throws {
        guard let place = station?.place else { return }
        FileCalls.close(place)
        do {
            station?.place = try FileCalls.watchPlace(coordinator.path)
        } catch {
            // Gone: nothing is left to be watched, nor to be closed.
            station?.place = try watchNothing()
        }
    }

    private func watchNothing() throws(CoordinatorError) -> FileDescriptor {
        do throws(SystemError) {
            return try FileCalls.watchPlace("/")
        } catch {
            throw .system("cannot watch the store " + coordinator.path, error)
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
    private static var maximumRetries: Int { 30 }

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
    private func stationed() throws -> Station {
        if let station, station.member.presence.isNamed { return station }
        let isMove = self.station != nil || retries > 0
        takeDown()
        if isMove && (try? FileCalls.status(ofPath: coordinator.path)) == nil {
            // Somebody is about to put another there: made anew it would be in
            // the way.
            throw CoordinatorError(.moved, "the store " + coordinator.path + " is gone")
        }
        let member = try JobMember(coordinator)
        let queues = options.queues
        var interests = queues.map { Interest.jobs(of: $0) }
        if options.isUntilEmpty { interests += queues.map { Interest.ends(of: $0) } }
        let jobs = try Bell(interests, in: coordinator.path)
        let orders = try Bell([.orders(for: member.name)], in: coordinator.path)
        let (store, place) = try located()
        let station = Station(
            member: member, jobs: jobs, orders: orders, store: store, place: place)
        let isTaken = try coordinator.write("job.serve") { transaction in
            for queue in queues {
                let isRegistered = try transaction.register(
                    member.name, for: queue, atMost: options.instances,
                    isAlive: { try member.presence.folder.isAlive($0) == true })
                if !isRegistered { return queue as String? }
            }
            return nil
        }
        if let isTaken {
            FileCalls.close(place)
            throw CoordinatorError(
                .busy, "the queue " + isTaken + " has as many workers as it may have")
        }
        self.station = station
        lastRescue = Deadline(after: .zero)
        return station
    }

    private func located() throws(CoordinatorError) -> (FileIdentity, FileDescriptor) {
        do throws(SystemError) {
            let place = try FileCalls.watchPlace(coordinator.path)
            do throws(SystemError) {
                return (try FileCalls.status(ofPath: coordinator.path).identity, place)
            } catch {
                FileCalls.close(place)
                throw error
            }
        } catch {
            throw .system("cannot watch the store " + coordinator.path, error)
        }
    }

    private func takeDown() {
        guard let station else { return }
        self.station = nil
        FileCalls.close(station.place)
        let queues = options.queues
        _ = try? coordinator.write("job.leave", isEssential: true) { transaction in
            for queue in queues { transaction.unregister(station.member.name, from: queue) }
        }
        station.member.leave()
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
        _ finished: [(JobID, JobResult)], _ station: Station
    ) throws -> Outcome {
        let member = station.member
        let room = phase == .working ? options.concurrency - active.count + finished.count : 0
        let began = Clock.monotonic
        var endings: [Ended] = []
        var outcome = try coordinator.write("job.work", isEssential: !finished.isEmpty) {
            transaction in
            endings = []
            let now = Clock.wallMilliseconds
            for (id, result) in finished {
                guard let active = active[id] else { continue }
                let result = effective(result, active)
                // In a store that has come in the place of the job's own, one of
                // its number is another.
                let after =
                    active.store == station.store
                    ? try transaction.settle(active.job, active.token, result) : nil
                endings.append(Ended(active: active, result: result, job: after))
            }
            if isInDoubt { try handBackUnknown(&transaction, member) }
            var outcome = Outcome()
            guard phase == .working else { return outcome }
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
                for queue in options.queues {
                    transaction.unregister(member.name, from: queue)
                }
                outcome.isDone = true
            }
            outcome.next = nextDue.map { Self.deadline(of: $0, now) }
            return outcome
        }
        if room == 0 { outcome.next = nil }
        report(endings, outcome, took: .nanoseconds(Int64(clamping: Clock.monotonic - began)))
        return outcome
    }

    private func report(_ endings: [Ended], _ outcome: Outcome, took: Duration) {
        for ended in endings {
            switch ended.result {
            case .completed: totals.completed += 1
            case .failed, .cancelled: totals.failed += 1
            case .snoozed, .released, .settled: break
            }
            guard coordinator.events.isHeard else { continue }
            coordinator.events.report(ended.kind, ended.details)
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

    /// An attempt that has ended, and the job as it is then: nil where it was
    /// no longer this worker's.
    private struct Ended {
        let active: Active
        let result: JobResult
        let job: Job?

        var kind: Coordinator.Event.Kind {
            guard let job else { return result == .settled ? .jobCompleted : .jobLost }
            switch job.state {
            case .completed: return .jobCompleted
            case .discarded: return .jobDiscarded
            case .retryable: return .jobRetried
            case .cancelled: return .jobCancelled
            case .available, .scheduled, .running, .blocked: return .jobReturned
            }
        }

        var details: [Coordinator.Event.Detail] {
            let before = active.job
            let since = before.claim?.since ?? before.created
            let couldRun = max(before.created, before.runAt ?? 0)
            let ran = Int64(clamping: Clock.monotonic - active.began)
            var details: [Coordinator.Event.Detail] = [
                .number("job", before.id.rawValue), .text("queue", before.queue),
                .number("attempt", before.attempt),
                .duration("waited", .milliseconds(max(0, since - couldRun))),
                .duration("ran", .nanoseconds(ran)),
            ]
            if let failure = job?.failures.last, case .failed = result {
                details.append(.text("error", failure.message))
            }
            if let job, job.state == .retryable, let runAt = job.runAt {
                details.append(
                    .duration("delay", .milliseconds(max(0, runAt - Clock.wallMilliseconds))))
            }
            return details
        }
    }

    /// Jobs that were claimed by a transaction whose outcome was not told.
    private func handBackUnknown(
        _ transaction: inout CoordinatorTransaction, _ member: JobMember
    ) throws {
        for queue in options.queues {
            var unknown: [JobID] = []
            try transaction.base.forEach(prefix: JobRecords.running(queue)) { record in
                let entry = try RunningEntry(record)
                if entry.member == member.name && active[entry.id] == nil {
                    unknown.append(entry.id)
                }
                return true
            }
            for id in unknown {
                guard let token = try transaction.job(id)?.claim?.token else { continue }
                try transaction.releaseJob(id, token: token)
            }
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

    private func begin(_ job: Job, _ payload: [UInt8], _ station: Station) {
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
    private func watchOver() throws -> Deadline? {
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
            coordinator.events.report(.workerStopping, [.number("running", active.count)])
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
        for (id, ending) in orders {
            guard var entry = active[id] else { continue }
            end(&entry, ending)
            active[id] = entry
        }
    }
}

extension QueueRecord {
    /// How many jobs wait, for their time or for others.
    var waiting: Int {
        count(.available) + count(.scheduled) + count(.retryable) + count(.blocked)
    }

    /// Whether nothing is left that a worker of some kinds could do.
    fileprivate func isEmpty(of kinds: [String]?) -> Bool {
        if settings.isPaused { return true }
        let isWaiting = lanes.contains { lane in
            !lane.isEmpty && kinds?.contains(lane.lane.kind) ?? true
        }
        return !isWaiting && count(.blocked) == 0
    }
}

extension CoordinatorError {
    /// Whether the same may succeed later although nobody mends anything here.
    var isPassing: Bool {
        switch code {
        case .timedOut, .moved, .noRoom, .exhausted, .inputOutput, .indeterminate, .notFound:
            true
        default: false
        }
    }
}

extension CoordinatorTransaction {
    /// The payload of a job.
    func payload(of job: Job) throws -> [UInt8] {
        if let payload = job.shortPayload { return payload }
        let key = JobRecords.payload(job.id)
        guard let record = try base.record(key) else {
            throw CoordinatorError(.damaged, "the record " + key.text + " is missing")
        }
        return record.value
    }

    /// Writes down how an attempt ended; nil where the job is no longer claimed
    /// by it.
    fileprivate mutating func settle(
        _ job: Job, _ token: UInt64, _ result: JobResult
    ) throws -> Job? {
        guard let current = try self.job(job.id), current.lastToken == token else { return nil }
        // The work itself may have said how it ended, in a transaction of its own.
        if current.state != .running { return current.state.isFinal ? current : nil }
        switch result {
        case .completed(let output):
            return try completeJob(job.id, token: token, output: output)
        case .failed(let message, let delay, let isFinal):
            return try failJob(
                job.id, token: token, message: message, retryAfter: delay, isFinal: isFinal)
        case .snoozed(let delay):
            return try snoozeJob(job.id, token: token, for: delay)
        case .cancelled(let message):
            return try giveUpJob(job.id, token: token, reason: message)
        case .released, .settled:
            // What it settled in a transaction that came to nothing is not settled.
            return try releaseJob(job.id, token: token)
        }
    }
}
