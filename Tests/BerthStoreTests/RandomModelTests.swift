// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Testing

@testable import BerthStore

/// Long random lives of a store, beside a plain dictionary.
@Suite struct RandomModelTests {
    struct Abandoned: Error {}

    @Test(arguments: [Durability.full, .strict, .process], [1, 2, 3] as [UInt64])
    func storeAgreesWithDictionary(durability: Durability, seed: UInt64) throws {
        var life = Life(durability, seed)
        for step in 0..<2500 {
            do {
                try life.step()
            } catch {
                Issue.record("seed \(seed), step \(step), \(durability.rawValue): \(error)")
                return
            }
        }
        #expect(life.disk.violations.isEmpty, "seed \(seed)")
        #expect(life.generations > 50, "rotations happen all the time")
        #expect(life.merges > 5, "and merges")
        life.close()
        #expect(life.disk.openDescriptors == 0, "\(life.disk.openNames)")
    }

    /// One store, the handles on it, and what it should hold.
    private struct Life {
        let disk = SimulatedDisk()
        private let durability: Durability
        private var random: SeededRandom
        private var model = StoreModel()
        private var boot = 1
        /// The first two are of one process, the third of another.
        private var stores: [Store] = []
        /// Kept for a while: what is written later must not show in it.
        private var kept: (snapshot: Snapshot, model: StoreModel)?
        /// A merge that is under way while other things happen.
        private var merge: (merger: RunMerger, lock: FileDescriptor, task: RunMerger.Task)?
        /// How many merges were finished.
        private(set) var merges = 0

        init(_ durability: Durability, _ seed: UInt64) {
            self.durability = durability
            random = SeededRandom(seed: seed)
            open()
        }

        /// How many generations there have been.
        var generations: Int { rotations }
        private var rotations = 0

        private mutating func open() {
            let process = SimulatedProcess(on: disk)
            var options = StoreOptions()
            options.durability = durability
            options.lockTimeout = nil
            let environment = StoreEnvironment.simulated(process, boot: boot)
            stores = [1, 2].map { _ in
                Store(at: Store.simulatedPath, options: options, environment: environment)
            }
            stores.append(.simulated(on: disk, boot: boot, durability: durability))
        }

        mutating func close() {
            abandonMerge()
            kept = nil
            stores = []
        }

        private mutating func number(_ bound: Int) -> Int {
            Int.random(in: 0..<bound, using: &random)
        }

        private mutating func key() -> RecordKey {
            RecordKey(["a/", "ab/", "b/"][number(3)] + String(number(40)))
        }

        private mutating func value() -> [UInt8] {
            let length = number(10) == 0 ? number(3000) : number(30)
            return Array(("\"" + String(repeating: "v", count: length) + "\"").utf8)
        }

        mutating func step() throws {
            let store = stores[number(stores.count)]
            let choice = number(100)
            switch choice {
            case 0..<45: try write(store)
            case 45..<50: try abandon(store)
            case 50..<70: try look(store)
            case 70..<85: try scan(store)
            case 85..<92: try keep(store)
            case 92..<94: try beginOrFinishMerge(store)
            case 94: abandonMerge()
            case 95..<98: reopen()
            case 98: restart()
            default: try check(try store.allRecords(), model.sorted(), "all records")
            }
        }

        private mutating func write(_ store: Store) throws {
            let changes = (0...number(5)).map { _ in
                (key(), number(3) == 0 ? nil : value())
            }
            let generation = disk.state.names(in: Store.simulatedPath)
            let version = try store.write("random") { transaction in
                for (key, value) in changes {
                    if let value {
                        try transaction.set(key, value)
                    } else {
                        transaction.delete(key)
                    }
                    let found = try transaction.record(key)
                    try check(
                        found.map { [$0.value] } ?? [], value.map { [$0] } ?? [], "own change")
                }
                return transaction.version
            }
            if generation != disk.state.names(in: Store.simulatedPath) { rotations += 1 }
            try check(version > model.version, true, "the version grows")
            model.version = version - 1
            model.apply(changes.map { ($0.0, $0.1) })
        }

        private mutating func abandon(_ store: Store) throws {
            let key = key()
            do {
                try store.write("abandoned") { transaction in
                    try transaction.set(key, [UInt8(ascii: "0")])
                    throw Abandoned()
                }
            } catch is Abandoned {}
        }

        private mutating func look(_ store: Store) throws {
            let key = key()
            try check(try store.read { try $0.record(key) }, model.records[key], key.text)
        }

        private mutating func scan(_ store: Store) throws {
            let prefix = ["", "a", "a/", "ab/1", "b/3", "c"][number(6)]
            let start = number(2) == 0 ? nil : key()
            var left = number(4) == 0 ? number(5) : Int.max
            var found: [Record] = []
            try store.read { view in
                try view.forEach(prefix: prefix, from: start) { record in
                    guard left > 0 else { return false }
                    left -= 1
                    found.append(record)
                    return true
                }
            }
            var all = model.sorted(prefix: prefix)
            if let start { all.removeAll { $0.key < start } }
            try check(found.count, left == 0 ? found.count : all.count, "scan of " + prefix)
            try check(found, Array(all.prefix(found.count)), "scan of " + prefix)
        }

        /// Looks at the snapshot that was kept, and keeps another.
        private mutating func keep(_ store: Store) throws {
            if let kept {
                try check(try kept.snapshot.allRecords(), kept.model.sorted(), "a kept snapshot")
            }
            kept = (try store.read { $0 }, model)
        }

        private mutating func beginOrFinishMerge(_ store: Store) throws {
            if let merge {
                try merge.merger.finish(merge.task)
                merge.merger.directory.storage.close(merge.lock)
                self.merge = nil
                merges += 1
                return
            }
            guard model.version > 0 else { return }
            let kind = number(2) == 0 ? MergeKind.small : .large
            let merger = try store.merger()
            guard let lock = try merger.directory.lock(kind, waiting: false) else {
                throw Difference(description: "another merges")
            }
            if let task = try merger.nextTask(kind) {
                merge = (merger, lock, task)
            } else {
                merger.directory.storage.close(lock)
            }
        }

        /// As if its process were killed.
        private mutating func abandonMerge() {
            guard let merge else { return }
            merge.merger.directory.storage.close(merge.task.output)
            merge.merger.directory.storage.close(merge.lock)
            self.merge = nil
        }

        private mutating func reopen() {
            open()
        }

        /// The machine is shut down in order, and started again.
        private mutating func restart() {
            close()
            disk.state.sync()
            boot += 1
            open()
        }

        private func check<Value: Equatable>(_ found: Value, _ expected: Value, _ what: String)
            throws
        {
            if found != expected { throw Difference(description: what) }
        }
    }

    struct Difference: Error, CustomStringConvertible {
        let description: String
    }
}
