// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Testing

/// A disk that fails to write back, and whom the system tells of it: a flush
/// that succeeds says nothing of what was lost before.
@Suite struct WritebackFailureTests {
    private static let journal = Store.simulatedPath + "/journal"

    @Test(arguments: [Durability.full, .strict])
    func failedFlushIsNeverFollowedByTrustInTheSameFile(durability: Durability) throws {
        let (state, model) = try StartingStore.tail.make(durability)
        let disk = SimulatedDisk(state)
        let process = SimulatedProcess(on: disk)
        let store = Store.simulated(process, durability: durability)
        _ = try store.allRecords()
        let before = disk.state.number(at: Self.journal)
        process.add(Fault(.fails(.inputOutput), at: 1, of: .flush))
        try Operation.set.run(on: store, salt: 5)
        #expect(process.hasMetFault)
        #expect(disk.state.number(at: Self.journal) != before)
        let after = Store.simulated(
            on: SimulatedDisk(disk.state.afterWorstPowerCut), boot: 2, durability: durability)
        #expect(try after.allRecords() == Operation.set.applied(to: model, salt: 5).sorted())
    }

    /// A writer is killed at each of its steps, and what it wrote fails to
    /// reach the disk: told to the writer, who took the news along, or to nobody.
    /// Its line is long: the next one does not write its sectors once more.
    @Test(arguments: [Durability.full, .strict], [false, true])
    func nobodyVouchesForBytesThatADeadWriterLeft(durability: Durability, isTold: Bool) throws {
        let (state, model) = try StartingStore.tail.make(durability)
        let disk = SimulatedDisk(state)
        let points = try disk.recording {
            try Operation.big.run(
                on: .simulated(on: disk, durability: durability), salt: 5)
        }
        for point in points {
            let disk = SimulatedDisk(point.state)
            disk.failWriteback(Self.journal, isTold: isTold)
            let store = Store.simulated(on: disk, durability: durability)
            do {
                try Operation.overwrite.run(on: store, salt: 6)
            } catch let error as StoreError where error.code == .indeterminate {
                continue
            }
            let found = try Store.simulated(
                on: SimulatedDisk(disk.state.afterWorstPowerCut), boot: 2, durability: durability
            ).allRecords()
            let first = Operation.big.applied(to: model, salt: 5)
            let allowed = [model, first].map {
                Operation.overwrite.applied(to: $0, salt: 6).sorted()
            }
            #expect(allowed.contains(found), "killed before \(point.next)")
        }
    }
}
