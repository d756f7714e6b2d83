// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Testing

/// Who takes the writers' lock, and what it is worth once its file was replaced.
@Suite struct WritersLockTests {
    @Test(arguments: [Durability.full, .strict, .process])
    func readingTakesNoLock(durability: Durability) throws {
        let (state, model) = try StartingStore.run.make(durability)
        let disk = SimulatedDisk(state)
        let reader = SimulatedProcess(on: disk)
        let store = Store.simulated(reader, durability: durability)
        #expect(try store.allRecords() == model.sorted())
        #expect(try store.allRecords() == model.sorted())
        #expect(reader.calls(.lock) == 0)
    }

    /// Somebody replaces the lock's file while a writer is in: the next one is
    /// let in beside it, and the first must notice before it writes.
    @Test(arguments: [Durability.full, .strict, .process])
    func whoseLockWasReplacedDoesNotWrite(durability: Durability) throws {
        let (state, _) = try StartingStore.run.make(durability)
        let disk = SimulatedDisk(state)
        let first = Store.simulated(on: disk, durability: durability)
        let second = Store.simulated(on: disk, durability: durability)
        var runs = 0
        var versions: [UInt64] = []
        try first.write("first") { transaction in
            runs += 1
            if runs == 1 {
                disk.state.remove(Store.simulatedPath + "/lock")
                disk.state.plant([], at: Store.simulatedPath + "/lock")
                versions.append(
                    try second.write("second") { other in
                        try other.set(RecordKey("second"), Array("2".utf8))
                        return other.version
                    })
            }
            try transaction.set(RecordKey("first"), Array("1".utf8))
            versions.append(transaction.version)
        }
        let records = try Store.simulated(on: disk, durability: durability).allRecords()
        let found = records.map(\.key.text)
        #expect(found.contains("first") && found.contains("second"))
        #expect(runs == 2)
        #expect(versions[0] < versions[2])
    }
}
