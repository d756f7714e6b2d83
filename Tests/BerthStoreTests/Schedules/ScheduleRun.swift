// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport

@testable import BerthStore

/// Several processes on one simulated disk, their calls interleaved, and the
/// machine's accidents, all as a seed will have it.
///
/// `@unchecked Sendable`: only the thread that holds the baton touches anything.
final class ScheduleRun: CallDirector, @unchecked Sendable {
    private let schedule: Schedule
    private let baton: Baton
    private let disk = SimulatedDisk(allowsWaiting: true)
    private var history = ScheduleHistory()
    private var boot = 1
    /// The living process of each thread.
    private var living: [SimulatedProcess?]
    private var calls = 0
    private let isTracing: Bool
    /// Every call, and a digest of the bytes that it wrote.
    private(set) var trace: [String] = []

    struct Abandoned: Error {}

    init(_ schedule: Schedule, _ baton: Baton, isTracing: Bool = false) {
        self.schedule = schedule
        self.baton = baton
        self.isTracing = isTracing
        living = Array(repeating: nil, count: schedule.processes)
        disk.director = self
        disk.state.bystanders = ["history"]
    }

    /// What was wrong; none where all was well.
    func run() -> [String] {
        baton.onDeadlock = { [unowned self] in endDeadlock() }
        baton.run(
            seed: schedule.seed &* 31, restlessness: schedule.restlessness,
            (0..<schedule.processes).map { index in { self.live(index) } })
        disk.director = nil
        lookBack()
        history.check(isDurable: schedule.durability != .process)
        return history.failures + disk.violations
    }

    /// The bytes of all files, in the order of their names.
    var finalBytes: [[UInt8]] {
        disk.state.names(in: Store.simulatedPath).map {
            disk.state.bytes(at: Store.simulatedPath + "/" + $0) ?? []
        }
    }

    // MARK: A process

    private func live(_ index: Int) {
        var left = schedule.operations
        while left > 0 {
            let process = SimulatedProcess(on: disk)
            living[index] = process
            let environment = StoreEnvironment.simulated(
                process, boot: boot, limits: schedule.limits,
                seed: schedule.seed &+ UInt64(process.identifier))
            var store = open(environment)
            while left > 0, !process.isDead {
                left -= 1
                act(process, &store, environment)
            }
        }
        living[index] = nil
    }

    private func open(_ environment: StoreEnvironment) -> Store {
        var options = StoreOptions()
        options.durability = schedule.durability
        options.lockTimeout = nil
        return Store(at: Store.simulatedPath, options: options, environment: environment)
    }

    private func act(
        _ process: SimulatedProcess, _ store: inout Store, _ environment: StoreEnvironment
    ) {
        let who = "process \(process.identifier)"
        do {
            switch baton.number(16) {
            case 0..<8: try write(store, process, who)
            case 8: try abandon(store, process, who)
            case 9: try decide(store, process, who)
            case 10: store = open(environment)
            case 11: try compact(store)
            case 12: merge(store)
            default: try read(store, process, who)
            }
        } catch {
            if process.isDead { return }
            // Who is never given its turn may be overtaken by two generations,
            // and cannot tell any more. A disk that fails is told of.
            let code = (error as? StoreError)?.code
            let isExpected =
                code == .busy || code == .indeterminate
                || (code == .inputOutput && !schedule.isCalm)
            if !isExpected { history.fail("\(who): \(error)") }
        }
    }

    private func write(_ store: Store, _ process: SimulatedProcess, _ who: String) throws {
        let keys = (0...baton.number(2)).map { _ in
            (RecordKey("k" + String(baton.number(5))), baton.number(5), baton.number(12))
        }
        let id = history.begin { id in
            keys.map { key, kind, size in
                let rest = size == 0 ? String(repeating: "v", count: 700) : ""
                return (key, kind == 0 ? nil : Array("\"\(id)\(rest)\"".utf8))
            }
        }
        let (floor, highest) = (history.floor, history.highest)
        do {
            try store.write("write") { transaction in
                let records = try transaction.allRecords()
                history.saw(records, version: transaction.version, in: id)
                for (key, value) in history.attempts[id - 1].changes {
                    if let value {
                        try transaction.set(key, value)
                    } else {
                        transaction.delete(key)
                    }
                }
            }
        } catch {
            let isOpen = (error as? StoreError)?.code == .indeterminate || process.isDead
            if !isOpen { history.refuse(id) }
            throw error
        }
        if process.isDead { return }
        history.acknowledge(id, floor: floor, highest: highest, who)
        rehearse()
    }

    private func abandon(_ store: Store, _ process: SimulatedProcess, _ who: String) throws {
        let floor = history.floor
        var records: [Record] = []
        var version: UInt64 = 0
        do {
            try store.write("abandoned") { transaction in
                records = try transaction.allRecords()
                version = transaction.version - 1
                try transaction.set(RecordKey("k0"), Array("\"never\"".utf8))
                throw Abandoned()
            }
        } catch is Abandoned {
            if process.isDead { return }
            history.show(records, version: version, floor: floor, who)
            rehearse()
        }
    }

    /// A transaction that finds nothing to do tells what it saw.
    private func decide(_ store: Store, _ process: SimulatedProcess, _ who: String) throws {
        let floor = history.floor
        let (records, version) = try store.write("nothing") { transaction in
            (try transaction.allRecords(), transaction.version - 1)
        }
        if process.isDead { return }
        history.show(records, version: version, floor: floor, who)
        rehearse()
    }

    private func read(_ store: Store, _ process: SimulatedProcess, _ who: String) throws {
        let floor = history.floor
        let (records, version) = try store.read { (try $0.allRecords(), $0.version) }
        if process.isDead { return }
        history.show(records, version: version, floor: floor, who)
        rehearse()
    }

    private func compact(_ store: Store) throws {
        do {
            try store.compact()
        } catch  where error.code == .notFound {}
    }

    /// Merges beside everything else: what others do meanwhile is up to the seed.
    private func merge(_ store: Store) {
        guard let merger = try? store.merger() else { return }
        // What fails has changed nothing; whoever rotates next begins it again.
        _ = try? merger.mergeWhatIsDue(.small)
        _ = try? merger.mergeWhatIsDue(.large)
    }

    // MARK: What a power cut leaves

    /// Now and then, looks at what the worst power cut would leave now.
    private func rehearse() {
        guard schedule.durability != .process, baton.number(6) == 0 else { return }
        do {
            let (records, version) = try look(disk.state.afterWorstPowerCut)
            history.rehearse(records, version: version, "a power cut would leave")
        } catch {
            history.fail("a power cut now: \(error)")
        }
    }

    private func look(_ state: DiskState) throws -> ([Record], UInt64) {
        let store = Store.simulated(
            on: SimulatedDisk(state), boot: boot + 1, durability: schedule.durability,
            limits: schedule.limits)
        return try store.read { (try $0.allRecords(), $0.version) }
    }

    private func cutPower() {
        for process in living { process?.kill() }
        var random = SeededRandom(seed: schedule.seed &+ UInt64(calls))
        disk.state = disk.state.afterPowerCut(&random)
        let isDurable = schedule.durability != .process
        do {
            let (records, version) = try look(disk.state)
            history.recover(records, version: version, isDurable: isDurable)
        } catch {
            history.fail("after a power cut: \(error)")
        }
        boot += 1
    }

    /// What is found when all have ended, now and after a power cut.
    private func lookBack() {
        let names = disk.openNames
        if !names.isEmpty { history.fail("left open: \(names)") }
        do {
            let check = RecoveryCheck(
                durability: schedule.durability, boot: boot, isNewBoot: false)
            let isThorough = schedule.seed.isMultiple(of: 4)
            let found = try check.find(on: disk.state, isThorough: isThorough)
            for model in [found.seen, found.written] {
                history.rehearse(model.sorted(), version: model.version, "a copy then had")
            }
            cutPower()
            if schedule.seed.isMultiple(of: 2) { return }
            _ = try RecoveryCheck(durability: schedule.durability, boot: boot, isNewBoot: true)
                .find(on: disk.state, isThorough: true)
        } catch {
            history.fail("at last: \(error)")
        }
    }

    // MARK: Directing

    func turn(of process: SimulatedProcess, before call: SimulatedCall) -> Fault.Effect? {
        if process.isDead { return nil }
        baton.turn()
        if process.isDead { return nil }
        calls += 1
        if calls == 20_000 {
            history.fail("it does not come to an end")
            for process in living { process?.kill() }
            return nil
        }
        if baton.number(10_000) < schedule.powerCuts {
            add("power cut")
            cutPower()
            return nil
        }
        if baton.number(10_000) < schedule.deaths { return .dies }
        return accident(before: call)
    }

    private func accident(before call: SimulatedCall) -> Fault.Effect? {
        switch call {
        case .write:
            if baton.number(100) < schedule.tornWrites { return .diesInside }
        case .flush:
            let journal = Store.simulatedPath + "/journal"
            if baton.number(100) < schedule.lostWritebacks {
                // It is told to whoever asks next, or to nobody.
                disk.failWriteback(journal, isTold: baton.number(2) == 0)
                if baton.number(2) == 0 { disk.evict(journal) }
            }
            if baton.number(100) < schedule.failedFlushes { return .fails(.inputOutput) }
        default: break
        }
        return nil
    }

    func wait(of process: SimulatedProcess, until isReady: @escaping () -> Bool) {
        baton.wait(until: isReady)
    }

    func pause(of process: SimulatedProcess) {
        if !process.isDead { baton.pause() }
    }

    private func endDeadlock() {
        history.fail("everybody waits for a lock that nobody will give back")
        for process in living { process?.kill() }
    }

    func note(
        _ call: SimulatedCall, _ subject: @autoclosure () -> String,
        _ bytes: UnsafeRawBufferPointer?, by process: SimulatedProcess
    ) {
        guard isTracing else { return }
        let text = bytes.map { " = " + String(decoding: $0, as: UTF8.self) } ?? ""
        add("\(process.identifier) \(call.rawValue) \(subject())\(text)")
    }

    private func add(_ line: @autoclosure () -> String) {
        if isTracing { trace.append(line()) }
    }
}
