// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport

/// What the processes of a schedule did and saw, and whether one order of
/// everything explains it.
///
/// Every transaction writes its own id to the key `last`, so that whoever sees
/// a state knows which transaction made it, and that one knows what it saw:
/// the states form a chain.
struct ScheduleHistory {
    /// One transaction: its id is its place, from 1.
    struct Attempt {
        enum Outcome { case open, acknowledged, failed }

        let changes: [(RecordKey, [UInt8]?)]
        /// What its body saw, and the number it had, when the body last ran.
        var seen: [Record] = []
        var version: UInt64 = 0
        var outcome = Outcome.open
    }

    /// A state that somebody was shown, by the id of its last transaction.
    private struct Sight {
        let id: Int
        let version: UInt64
        let who: String
    }

    private(set) var attempts: [Attempt] = []
    /// The sights of each run of the machine.
    private var sights: [[Sight]] = [[]]
    /// What was found after each power cut: durable from then on.
    private var recovered: [Sight] = []
    /// What a power cut would have left at a moment when the first was known.
    private var rehearsals: [(told: Sight, left: Sight)] = []
    /// No state that is shown from now on is older than this.
    private(set) var floor: UInt64 = 0
    /// No transaction that is acknowledged from now on has this number or a lower one.
    private(set) var highest: UInt64 = 0
    private(set) var failures: [String] = []

    static let lastKey = RecordKey("last")

    mutating func fail(_ text: String) {
        failures.append(text)
    }

    // MARK: What happens

    mutating func begin(_ changes: (_ id: Int) -> [(RecordKey, [UInt8]?)]) -> Int {
        let id = attempts.count + 1
        let own = (Self.lastKey, Array(String(id).utf8) as [UInt8]?)
        attempts.append(Attempt(changes: changes(id) + [own]))
        return id
    }

    mutating func saw(_ records: [Record], version: UInt64, in id: Int) {
        attempts[id - 1].seen = records
        attempts[id - 1].version = version
    }

    /// A transaction was acknowledged that began when the floors were these.
    mutating func acknowledge(_ id: Int, floor: UInt64, highest: UInt64, _ who: String) {
        let version = attempts[id - 1].version
        attempts[id - 1].outcome = .acknowledged
        if version <= floor || version <= highest {
            fail("\(who) got number \(version) after \(max(floor, highest)) was told")
        }
        self.highest = max(self.highest, version)
        show(Sight(id: id, version: version, who: who))
    }

    mutating func refuse(_ id: Int) {
        attempts[id - 1].outcome = .failed
    }

    /// A state was shown to somebody who began to look when the floor was this.
    mutating func show(_ records: [Record], version: UInt64, floor: UInt64, _ who: String) {
        if version < floor { fail("\(who) saw state \(version) after \(floor) was told") }
        guard let sight = sight(of: records, version: version, who) else { return }
        show(sight)
    }

    private mutating func show(_ sight: Sight) {
        floor = max(floor, sight.version)
        sights[sights.count - 1].append(sight)
    }

    /// What was just told is compared with what somebody would find in a copy.
    mutating func rehearse(_ records: [Record], version: UInt64, _ who: String) {
        if version < floor { fail("\(who) state \(version) after \(floor) was told") }
        guard let left = sight(of: records, version: version, who),
            let told = sights.last?.last
        else { return }
        rehearsals.append((told, left))
    }

    /// The machine ended, and this is what it left.
    mutating func recover(_ records: [Record], version: UInt64, isDurable: Bool) {
        if isDurable, version < floor {
            fail("a power cut left state \(version) after \(floor) was told")
        }
        floor = version
        let sight = sight(of: records, version: version, "a power cut left")
        recovered.append(sight ?? Sight(id: 0, version: 0, who: ""))
        sights.append([])
    }

    /// Whose state records are; they must be wholly so.
    private mutating func sight(
        of records: [Record], version: UInt64, _ who: String
    ) -> Sight? {
        guard let id = lastID(records, who) else { return nil }
        if records != state(after: id) {
            fail(
                "\(who) \(text(records)), which is not the state after \(id): "
                    + text(state(after: id)))
            return nil
        }
        if id > 0, attempts[id - 1].version > version {
            fail("\(who) the state after \(id) under the number \(version)")
        }
        return Sight(id: id, version: id > 0 ? attempts[id - 1].version : 0, who: who)
    }

    private mutating func lastID(_ records: [Record], _ who: String) -> Int? {
        guard let last = records.first(where: { $0.key == Self.lastKey }) else {
            if !records.isEmpty { fail("\(who) \(text(records)), which nobody wrote") }
            return records.isEmpty ? 0 : nil
        }
        guard let id = Int(String(decoding: last.value, as: UTF8.self)),
            (1...attempts.count).contains(id)
        else {
            fail("\(who) \(text(records)), which nobody wrote")
            return nil
        }
        return id
    }

    /// What a transaction made of what it saw.
    private func state(after id: Int) -> [Record] {
        guard id > 0 else { return [] }
        let attempt = attempts[id - 1]
        var model = StoreModel(attempt.seen, version: attempt.version - 1)
        model.apply(attempt.changes)
        return model.sorted()
    }

    private func text(_ records: [Record]) -> String { Expectation.text(records) }

    // MARK: What it comes to

    /// Looks for the order that explains everything.
    mutating func check(isDurable: Bool) {
        for (index, sights) in sights.enumerated() {
            let head = sights.max { $0.version < $1.version }
            let chain = chain(to: head?.id ?? 0)
            for sight in sights where sight.id > 0 && !chain.contains(sight.id) {
                fail(
                    "\(sight.who): transaction \(sight.id) is not among those before "
                        + "\(head?.id ?? 0): \(chain.sorted())")
            }
            guard index < recovered.count else { continue }
            let found = self.chain(to: recovered[index].id)
            let isAhead = head.map { $0.id == 0 || found.contains($0.id) } ?? true
            let isBehind = recovered[index].id == 0 || chain.contains(recovered[index].id)
            if !(isAhead || (isBehind && !isDurable)) {
                fail("a power cut left \(recovered[index].id) where \(head?.id ?? 0) was told")
            }
        }
        for (told, left) in rehearsals where told.id > 0 {
            if !chain(to: left.id).contains(told.id) {
                fail("\(told.who) was told \(told.id), and \(left.who) \(left.id)")
            }
        }
    }

    /// The transactions that made the state after one, that one included.
    private mutating func chain(to last: Int) -> Set<Int> {
        var chain: Set<Int> = []
        var id = last
        while id > 0 {
            let attempt = attempts[id - 1]
            if attempt.outcome == .failed { fail("transaction \(id) failed, and is there") }
            chain.insert(id)
            guard let next = lastID(attempt.seen, "transaction \(id) saw") else { break }
            if state(after: next) != attempt.seen {
                fail(
                    "transaction \(id) saw \(text(attempt.seen)), which is not the state "
                        + "after \(next): \(text(state(after: next)))")
            }
            if next > 0, attempts[next - 1].version >= attempt.version || chain.contains(next) {
                fail("transaction \(id) has no greater number than \(next), which it saw")
                break
            }
            id = next
        }
        return chain
    }
}
