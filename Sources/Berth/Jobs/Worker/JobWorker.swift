// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The loop of a worker: claims what it has room for, has it done, and writes
/// down how it ended. The end of one job and the claim of the next are one
/// transaction, a ``WorkTurn``.
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
        /// Whether it was told to stop.
        var isStopping = false
    }

    private let coordinator: Coordinator
    private let options: Options
    private let executor: any JobExecutor
    private let onChange: (Totals) -> Void
    private let results: Mailbox<FinishedWork>
    private let stopping: WakeUp
    /// Each byte that comes out of it tells the worker to stop, then to hurry.
    private let signals: FileDescriptor?

    private var active: ActiveJobs
    private var station: WorkStation?
    /// The directory of the store that the worker has lost, until it is in
    /// another, or in that one again.
    private var lostStore: FileIdentity?
    private var patience = StorePatience()
    private var totals = Totals()
    private var phase = Phase.working
    /// Whether jobs may be claimed for this worker of which it does not know.
    private var isInDoubt = false
    /// Whether somebody has said that a job of this worker is to end.
    private var hasOrders = false

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
        active = ActiveJobs(killingAfter: options.killGrace)
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
            var finished: [FinishedWork] = []
            while true {
                finished += results.take()
                let outcome: Step
                do {
                    outcome = try step(finished)
                    finished = []
                    patience.restore()
                } catch {
                    let pause = try pause(after: error)
                    // Of a store that cannot be used nobody has to take his leave.
                    if phase != .working && active.isEmpty { return totals }
                    // Times that jobs asked for hold in such a store too.
                    try wait(until: Deadline.sooner(pause, watchOver()))
                    continue
                }
                if outcome.isDone { return totals }
                try wait(until: outcome.next)
            }
        } catch {
            // Nobody will look after what still runs: it is not to go on as if
            // somebody did.
            active.endAll(.stop)
            throw error
        }
    }

    private struct Step {
        var isDone = false
        var next: Deadline?
    }

    private var hasRoom: Bool { phase == .working && active.count < options.concurrency }

    /// Writes down what has ended, claims what there is room for, and begins it.
    private func step(_ finished: [FinishedWork]) throws -> Step {
        let station = try stationed()
        // Where a step failed after its transaction, some are written down already.
        let finished = finished.filter { active[$0.id] != nil }
        var step = Step()
        let isServed = station.isServing == (phase == .working)
        if !finished.isEmpty || hasRoom || isInDoubt || !isServed {
            let outcome = try turn(finished, station)
            for work in finished { active.remove(work.id) }
            isInDoubt = false
            for (job, payload) in outcome.claimed { begin(job, payload, station) }
            step.next = outcome.next
            step.isDone = outcome.isDone
            totals.waiting = outcome.waiting
        }
        totals.running = active.count
        totals.isStopping = phase != .working
        onChange(totals)
        if phase != .working && active.isEmpty { step.isDone = true }
        if step.isDone { return step }
        if hasOrders { try obey() }
        step.next = Deadline.sooner(step.next, watchOver())
        step.next = Deadline.sooner(step.next, try station.member.rescue.runWhereDue())
        return step
    }

    private func turn(
        _ finished: [FinishedWork], _ station: WorkStation
    ) throws -> WorkTurn.Outcome {
        let began = Clock.monotonic
        let member = station.member.name
        let free = options.concurrency - active.count + finished.count
        let turn = WorkTurn(
            options: options, station: station,
            proof: executor.runsCommands ? .command(of: member) : .member(member),
            active: active, finished: finished, room: phase == .working ? free : nil,
            isInDoubt: isInDoubt)
        let outcome = try coordinator.write("job.work", isEssential: !finished.isEmpty) {
            try turn.run(&$0)
        }
        if station.isServing && phase != .working {
            coordinator.events.report(
                .workerStopping, [.number("running", active.count - finished.count)])
        }
        station.isServing = outcome.isServing
        for ended in outcome.endings {
            totals.count(ended)
            if coordinator.events.isHeard { coordinator.report(ended) }
        }
        if coordinator.events.isHeard {
            coordinator.report(
                outcome.claimed.count, skipped: outcome.skipped,
                from: options.queues.joined(separator: " "), since: began)
        }
        return outcome
    }

    private func begin(_ job: Job, _ payload: [UInt8], _ station: WorkStation) {
        let results = results
        // Before the work may have ended.
        let began = Clock.monotonic
        let work = executor.start(job, payload: payload, for: station.member) { result in
            results.post(FinishedWork(id: job.id, result: result, ended: Clock.monotonic))
        }
        active.add(ActiveJobs.Entry(job, work, since: began, of: station.store))
    }

    // MARK: Sleeping

    /// Sleeps until something has happened. After a failure of the store, only
    /// time and the wish that the worker stop end the sleep.
    private func wait(until deadline: Deadline?) throws {
        var files: [FileDescriptor] = []
        let watches = station?.member.rescue.watches ?? []
        defer { withExtendedLifetime(watches) {} }
        if phase == .working { files.append(stopping.reading) }
        if let signals { files.append(signals) }
        if let station, !patience.isTried {
            files += [results.flag, station.orders.flag]
            if let place = station.place { files.append(place.file) }
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
        } else if file == station?.place?.file {
            // The next step finds out what it was.
            station?.watchPlace()
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

    private func takeSignals() -> Int {
        guard let signals else { return 0 }
        var buffer = UInt64(0)
        let count = withUnsafeMutableBytes(of: &buffer) { try? FileCalls.read(signals, into: $0) }
        return count ?? 0
    }

    /// The wall clock may be set meanwhile: it is looked at again at least
    /// once a minute while a job waits for its time.
    static func deadline(of time: Int64, _ now: Int64) -> Deadline {
        Deadline(after: .milliseconds(min(max(0, time - now), 60_000)))
    }

    // MARK: The store

    /// When to try again after a failure; throws it where that is of no use.
    ///
    /// What was asked for may have been done all the same: what has ended is
    /// compared with its claim again, and jobs that were claimed unseen are
    /// handed back.
    private func pause(after error: any Error) throws -> Deadline {
        isInDoubt = true
        guard let failure = error as? CoordinatorError,
            let delay = patience.pause(
                after: failure, isBetweenStores: lostStore != nil,
                atMost: phase == .ending ? Self.mostTriesInAHurry : StorePatience.most)
        else { throw error }
        coordinator.events.report(
            .storeRetried,
            [
                .number("attempt", patience.failures), .duration("delay", delay),
                .text("error", failure.message),
            ])
        return Deadline(after: delay)
    }

    /// Who was told twice to end does not wait for minutes to say what has ended:
    /// it is taken back from the dead.
    private static var mostTriesInAHurry: Int { 8 }
    /// How often the same directory is looked at without what this worker had
    /// put there: a quarter of a second, in which one who removes it is done.
    private static var triesForRemoval: Int { 5 }

    /// What is put up in the store, put up anew where it is not the store in
    /// which it was.
    private func stationed() throws -> WorkStation {
        if let station {
            if station.isInPlace { return station }
            lostStore = station.store
            takeDown()
        }
        if let lostStore {
            // Where somebody is about to remove the store, or to put another
            // there, something new would be in the way.
            let present = try? FileCalls.status(ofPath: coordinator.path).identity
            let isBeingRemoved =
                present == lostStore && patience.failures < Self.triesForRemoval
            if present == nil || isBeingRemoved {
                throw CoordinatorError(.moved, "the store " + coordinator.path + " is gone")
            }
            // Half a store is told before anything is made in it.
            try coordinator.write("job.look") { _ in }
        }
        let station = try WorkStation(coordinator, options)
        self.station = station
        lostStore = nil
        coordinator.rescuePace.reset()
        return station
    }

    private func takeDown() {
        station?.takeDown()
        station = nil
    }

    // MARK: Ending

    /// Asks what has taken too long to end, and ends what would not.
    ///
    /// - Returns: When to look again.
    private func watchOver() -> Deadline? {
        var next: Deadline?
        if case .draining(let deadline?) = phase {
            if deadline.isPast { hurry() } else { next = deadline }
        }
        return Deadline.sooner(next, active.watchOver())
    }

    /// Stops, or stops sooner.
    private func hurry() {
        switch phase {
        case .working:
            phase = .draining(until: options.grace.map { Deadline(after: $0) })
        case .draining:
            phase = .ending
            active.endAll(.stop)
        case .ending:
            active.killAll()
        }
    }

    /// Ends the jobs that somebody has cancelled, and those that are no longer
    /// this worker's.
    private func obey() throws {
        let tokens = active.tokens
        let orders = try coordinator.read { view in
            var orders: [JobID: ActiveJobs.Ending] = [:]
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
        for (id, ending) in orders { active.end(id, ending) }
    }
}

extension JobWorker.Totals {
    /// Counts what a job has come to; what is no longer this worker's, is put
    /// off or handed back, counts as nothing.
    fileprivate mutating func count(_ ended: EndedAttempt) {
        switch ended.after?.state {
        case .completed: completed += 1
        case .discarded, .retryable, .cancelled: failed += 1
        case .available, .scheduled, .running, .blocked, nil: break
        }
    }
}
