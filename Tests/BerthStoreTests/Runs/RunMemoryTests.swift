// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Testing

/// What a process keeps in memory of the runs that it looks into.
@Suite struct RunMemoryTests {
    private let disk = SimulatedDisk()
    private let process: SimulatedProcess
    private let store: Store
    private static let count = 400

    /// A store of one run, with an even number in each key.
    init() throws {
        let value = Array(("\"" + String(repeating: "x", count: 100) + "\"").utf8)
        try Store.simulated(on: disk).write("fill") { transaction in
            for number in 0..<Self.count {
                try transaction.set(Self.key(2 * number), value)
            }
        }
        try Store.simulated(on: disk).compact()
        process = SimulatedProcess(on: disk)
        store = Store(
            at: Store.simulatedPath, options: StoreOptions(),
            environment: .simulated(process, boot: 1))
    }

    private static func key(_ number: Int) -> RecordKey {
        RecordKey("key/" + String(10_000 + number))
    }

    /// The calls that looks into one state take.
    private func calls(_ body: (Snapshot) throws -> Void) throws -> Int {
        try store.read { view in
            let before = process.calls
            try body(view)
            return process.calls - before
        }
    }

    @Test func whatIsLookedForAgainAndAgainIsReadOnce() throws {
        let first = try calls { _ = try $0.record(Self.key(100)) }
        #expect(first > 0)
        for _ in 0..<5 { _ = try calls { _ = try $0.record(Self.key(100)) } }
        for number in 100..<102 {
            var found: Record?
            let later = try calls { found = try $0.record(Self.key(number)) }
            #expect(later == 0 && (found != nil) == number.isMultiple(of: 2))
        }
    }

    @Test func everyKeyIsFoundHoweverMuchIsInMemory() throws {
        for _ in 0..<4 {
            _ = try calls { view in
                for number in 0..<2 * Self.count {
                    let found = try view.record(Self.key(number))
                    #expect((found != nil) == number.isMultiple(of: 2))
                }
            }
        }
    }

    @Test func scansBeginAndGoOnHoweverMuchIsInMemory() throws {
        for start in 0..<2 * Self.count where start % 7 == 0 {
            for _ in 0..<3 {
                var found: [RecordKey] = []
                _ = try calls { view in
                    try view.forEach(prefix: "key/", from: Self.key(start)) { record in
                        found.append(record.key)
                        return found.count < 50
                    }
                }
                let numbers = (start..<2 * Self.count).filter { $0.isMultiple(of: 2) }.prefix(50)
                #expect(found == numbers.map { Self.key($0) })
            }
        }
    }
}
