// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Synchronization

@testable import BerthStore

/// Ends the machine at every step of every short sequence of operations, in
/// every way that is told apart, and checks what is found afterwards.
///
/// One explorer takes one starting store; its results go to a shared tally.
struct CrashExplorer {
    let start: StartingStore
    let durability: Durability
    let tally: CrashTally
    /// How many of the states that a power cut leaves are worked on further;
    /// of those that the end of a process leaves, all are.
    let cutsToGoOnFrom: Int
    /// How many of the crashes after two operations are worked on further.
    let crashesToGoOnFrom: Int
    /// How many of very many choices of what arrived are taken at random.
    let samples: Int
    private var random: SeededRandom

    init(
        _ start: StartingStore, _ durability: Durability, _ tally: CrashTally,
        cutsToGoOnFrom: Int, crashesToGoOnFrom: Int, samples: Int
    ) {
        self.crashesToGoOnFrom = crashesToGoOnFrom
        self.samples = samples
        self.start = start
        self.durability = durability
        self.tally = tally
        self.cutsToGoOnFrom = cutsToGoOnFrom
        random = SeededRandom(seed: UInt64(start.rawValue.utf8.count))
    }

    /// What is known of a store at some moment.
    private struct Known {
        /// What it held after each operation.
        var models: [StoreModel]
        /// Which of them a process that begins now may find: the last, and
        /// those before it that nobody was told are over.
        var certain = 0
        /// Which of them is sure to survive a power cut.
        var durable = 0
        var boot = 1
        /// How many operations there were.
        var count = 0
        /// What was done, for people to read.
        var story: String

        /// What is known once a crash was followed by a recovery.
        func after(_ finding: RecoveryCheck.Finding, _ check: RecoveryCheck, _ end: String) -> Known
        {
            var known = self
            known.boot = check.boot
            // What a kill leaves in memory, a power cut may yet undo.
            known.models = check.isNewBoot ? [] : Array(models[durable...])
            known.certain = known.models.count
            known.durable = 0
            known.models.append(finding.seen)
            if finding.seen != finding.written { known.models.append(finding.written) }
            known.story += end
            return known
        }
    }

    /// A state that a crash left, and what was found in it.
    private struct Crashed {
        let state: DiskState
        let known: Known
        let isPowerCut: Bool
    }

    /// Explores all sequences of at most two operations, and those of an
    /// operation after the recovery from a crash in the first.
    mutating func run(
        _ operations: [Operation] = Operation.ordinary,
        third: [Operation] = [.set, .many, .rotation]
    ) throws {
        let (state, model) = try start.make(durability)
        let known = Known(models: [model], story: durability.rawValue + " store, " + start.rawValue)
        for operation in operations {
            for crashed in try crash(in: operation, on: state, known) {
                for second in operations {
                    _ = try crash(in: second, on: crashed.state, crashed.known)
                }
            }
            for second in operations {
                let crashes = try crash(in: second, after: operation, on: state, known)
                for crashed in crashes.shuffled(using: &random).prefix(crashesToGoOnFrom) {
                    for third in third {
                        _ = try crash(in: third, on: crashed.state, crashed.known)
                    }
                }
            }
        }
    }

    /// Crashes in an operation, after another that was acknowledged. Returns
    /// some of the states that were found good.
    private mutating func crash(
        in operation: Operation, after earlier: Operation? = nil, on state: DiskState,
        _ known: Known
    ) throws -> [Crashed] {
        let disk = SimulatedDisk(state)
        var known = known
        let store = Store.simulated(on: disk, boot: known.boot, durability: durability)
        if let earlier {
            try acknowledge(earlier, store, disk, &known)
        }
        var before = known
        before.story += ", crash in " + operation.rawValue
        let points = try disk.recording {
            try acknowledge(operation, store, disk, &known)
        }
        if let rule = disk.violations.first {
            tally.add(failure: known.story + ": " + rule)
        }
        return explore(points, before, known)
    }

    private func acknowledge(
        _ operation: Operation, _ store: Store, _ disk: SimulatedDisk, _ known: inout Known
    ) throws {
        known.count += 1
        let generation = disk.state.generationHeader?.generation
        let actor =
            operation.isByAnother
            ? Store.simulated(
                on: disk, boot: known.boot, durability: durability, limits: operation.limits)
            : store
        known.story += ", " + operation.rawValue
        do {
            try operation.run(on: actor, salt: known.count)
        } catch {
            tally.add(failure: known.story + ": \(error)")
        }
        // A merge changes nothing, and settles nothing that a crash has left open.
        if operation == .merge { return }
        let last = known.models[known.models.count - 1]
        // A rotation makes durable what was there before it.
        if disk.state.generationHeader?.generation != generation {
            known.durable = known.models.count - 1
        }
        known.certain = known.models.count
        known.models.append(operation.applied(to: last, salt: known.count))
    }

    // MARK: States

    private mutating func explore(
        _ points: [CrashPoint], _ before: Known, _ after: Known
    ) -> [Crashed] {
        var found: [Crashed] = []
        var random = random
        var seen: Set<Int> = []
        let next = after.models[after.models.count - 1]
        for (index, point) in points.enumerated() {
            let isAcknowledged = index == points.count - 1
            // More is asked of the states that are left now.
            if isAcknowledged { seen = [] }
            let known = isAcknowledged ? after : before
            let unacknowledged = isAcknowledged ? [] : [next]
            func expectation(from first: Int) -> Expectation {
                Expectation(
                    allowed: known.models[first...] + unacknowledged,
                    floor: known.models[known.certain].version)
            }
            let moment = Moment(known: known, call: point.next)
            let killed = expectation(from: known.certain)
            visit(point.state, killed, moment, isNewBoot: false, &found)
            // A flush makes states impossible and none possible.
            let isAfterFlush = index > 0 && points[index - 1].next.hasPrefix("flush")
            if point.isTorn || (isAfterFlush && !isAcknowledged) { continue }
            let first = durability == .process ? min(known.durable, known.certain) : known.certain
            let cut = expectation(from: first)
            point.state.forEachPowerCut(&random, samples: samples, seen: &seen) {
                visit($0, cut, moment, isNewBoot: true, &found)
            }
        }
        found.shuffle(using: &random)
        self.random = random
        let cuts = found.filter { $0.isPowerCut }.prefix(cutsToGoOnFrom)
        return found.filter { !$0.isPowerCut } + cuts
    }

    /// Where in a story the machine or the process ended.
    private struct Moment {
        let known: Known
        let call: String
    }

    private func visit(
        _ state: DiskState, _ expectation: Expectation, _ moment: Moment, isNewBoot: Bool,
        _ found: inout [Crashed]
    ) {
        let digest = state.digest &+ (isNewBoot ? 1 : 0)
        if let summary = tally.summary(of: digest), expectation.allows(summary) { return }
        let check = RecoveryCheck(
            durability: durability, boot: moment.known.boot + (isNewBoot ? 1 : 0),
            isNewBoot: isNewBoot)
        let end = isNewBoot ? ", power cut" : ", killed"
        do {
            let finding = try check.find(on: state, isThorough: digest & 7 == 0)
            let summary = Expectation.Summary(finding)
            if !expectation.allows(summary) {
                throw RecoveryCheck.Violation(description: expectation.complaint(finding))
            }
            guard tally.count(digest, summary) else { return }
            found.append(
                Crashed(
                    state: state, known: moment.known.after(finding, check, end),
                    isPowerCut: isNewBoot))
        } catch {
            tally.add(failure: moment.known.story + " before " + moment.call + end + ": \(error)")
        }
    }
}

/// What all explorers found.
final class CrashTally: Sendable {
    private let summaries = Mutex<[Int: Expectation.Summary]>([:])
    private let texts = Mutex<[String]>([])

    /// How many states were told apart.
    var states: Int { summaries.withLock { $0.count } }
    var failures: [String] { texts.withLock { $0 } }

    /// What was found in a state, where somebody has looked.
    func summary(of digest: Int) -> Expectation.Summary? { summaries.withLock { $0[digest] } }

    /// Counts a state; returns whether nobody had counted it before.
    func count(_ digest: Int, _ summary: Expectation.Summary) -> Bool {
        summaries.withLock { $0.updateValue(summary, forKey: digest) == nil }
    }

    func add(failure: String) { texts.withLock { $0.append(failure) } }
}
