// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Testing

@testable import BerthStore

/// Merges beside everything else, and what becomes of what they made.
@Suite struct RunMergerTests {
    private let disk: SimulatedDisk
    private let model: StoreModel
    private let durability = Durability.full

    init() throws {
        let (state, model) = try StartingStore.mergeableAbove.make(.full)
        disk = SimulatedDisk(state)
        self.model = model
        let runs = try #require(state.generationHeader).runs
        try #require(runs.count == 4, "\(runs.map(\.bytes))")
    }

    private var store: Store { .simulated(on: disk, durability: durability) }

    private func runs() throws -> [UInt64] {
        try #require(disk.state.generationHeader).runs.map(\.number)
    }

    private func mergeFiles() -> [String] {
        disk.state.names(in: Store.simulatedPath).filter {
            $0.hasPrefix("merge-") && !$0.hasSuffix(".lock")
        }
    }

    /// Rotates, which names what is finished; returns what the store then holds.
    private func rotate(_ before: StoreModel) throws -> StoreModel {
        let store = Store.simulated(
            on: disk, durability: durability, limits: Operation.rotation.limits)
        try Operation.rotation.run(on: store, salt: 77)
        return Operation.rotation.applied(to: before, salt: 77)
    }

    @Test func aFinishedMergeTakesThePlaceOfItsInputs() throws {
        let before = try runs()
        let merger = try store.merger()
        #expect(merger.isDue(.small) && !merger.isDue(.large))
        #expect(try merger.mergeWhatIsDue(.small) == 1)
        #expect(!merger.isDue(.small))
        #expect(try runs() == before)
        #expect(mergeFiles().count == 2)
        let facts = try store.facts()
        #expect(facts.mergesFinished == 1 && facts.mergesUnderWay == 0)
        let after = try rotate(model)
        #expect(try runs().count == 3)
        #expect(mergeFiles().isEmpty)
        #expect(try store.allRecords() == after.sorted())
    }

    @Test func whatAMergeIsAtIsSpared() throws {
        let merger = try store.merger()
        let lock = try #require(try merger.directory.lock(.small, waiting: false))
        let task = try #require(try merger.nextTask(.small))
        #expect(try store.facts().mergesUnderWay == 1)
        let inputs = task.inputs.map(\.reference.number)
        var after = try rotate(model)
        after = try rotate(after)
        #expect(try runs().starts(with: [runs()[0]] + inputs))
        try merger.finish(task)
        disk.close(lock, of: merger)
        after = try rotate(after)
        #expect(try !runs().contains(where: inputs.contains))
        #expect(try store.allRecords() == after.sorted())
    }

    @Test func whatAKilledMergerLeftIsRemoved() throws {
        let merger = try store.merger()
        let lock = try #require(try merger.directory.lock(.small, waiting: false))
        let task = try #require(try merger.nextTask(.small))
        disk.close(task.output, of: merger)
        disk.close(lock, of: merger)
        #expect(mergeFiles().count == 1)
        let after = try rotate(model)
        #expect(mergeFiles().isEmpty)
        #expect(try store.allRecords() == after.sorted())
    }

    /// The tombstone of `a` is in the newer runs, and its value in the oldest.
    @Test func aTombstoneStaysUnlessTheOldestRunTakesPart() throws {
        #expect(try store.read { try $0.record(RecordKey("a")) } == nil)
        #expect(try store.merger().mergeWhatIsDue(.small) == 1)
        let after = try rotate(model)
        #expect(try store.read { try $0.record(RecordKey("a")) } == nil)
        #expect(try store.allRecords() == after.sorted())
        // With the oldest run, nothing is left that it hides.
        try store.compact()
        #expect(try store.facts().runs.map(\.records) == [after.records.count])
        #expect(try store.allRecords() == after.sorted())
    }

    /// Each run has a record that no other has, and one that all have: a merge
    /// that jumps over a run would lose the one, or bring the other back.
    @Test(arguments: [[1, 3], [0, 2], [0, 3], [3, 1], [0, 1, 3]])
    func aMergeOfRunsThatAreNotNeighboursIsThrownAway(places: [Int]) throws {
        let merger = try store.merger()
        let generation = try #require(try merger.published())
        let task = try merger.begin(
            .large, places.map { generation.runs[$0] }, isOldest: places[0] == 0,
            generation.header.salt)
        try merger.finish(task)
        let after = try rotate(model)
        #expect(try store.allRecords() == after.sorted())
        #expect(mergeFiles().isEmpty)
    }

    /// While a merge is under way, somebody merges its inputs into one run, as
    /// no Berth would, and more is written.
    @Test func aStaleMergeIsThrownAway() throws {
        let merger = try store.merger()
        let lock = try #require(try merger.directory.lock(.small, waiting: false))
        let task = try #require(try merger.nextTask(.small))
        let engine = try #require(try store.current(creating: false))
        try engine.asWriter(until: nil) { generation throws(StoreError) in
            try engine.rotate(generation, merging: generation.runs.count)
        }
        try Operation.delete.run(on: store, salt: 5)
        var after = Operation.delete.applied(to: model, salt: 5)
        try Operation.medium.run(on: store, salt: 6)
        after = Operation.medium.applied(to: after, salt: 6)
        try merger.finish(task)
        disk.close(lock, of: merger)
        #expect(mergeFiles().count == 2)
        after = try rotate(after)
        #expect(try store.allRecords() == after.sorted())
        #expect(mergeFiles().isEmpty)
    }

    /// An output that is not what its line says is no run.
    @Test func aFinishedMergeThatLostItsFileIsThrownAway() throws {
        #expect(try store.merger().mergeWhatIsDue(.small) == 1)
        let before = try runs()
        let output = try #require(mergeFiles().first { $0.hasSuffix(".new") })
        let merger = try store.merger()
        try merger.directory.storage.unlink(output, in: merger.directory.descriptor)
        let after = try rotate(model)
        #expect(try runs().first == before.first)
        #expect(mergeFiles().isEmpty)
        #expect(try store.allRecords() == after.sorted())
    }

    /// The disk is full: a merge gives its room back, and nothing is lost.
    @Test func aMergeWithoutRoomLeavesNothing() throws {
        disk.state.capacity = disk.state.used + 100
        #expect(throws: StoreError.self) { try store.merger().mergeWhatIsDue(.small) }
        #expect(mergeFiles().isEmpty)
        #expect(try store.allRecords() == model.sorted())
    }

    @Test func compactingLeavesOneRun() throws {
        try store.compact()
        #expect(try runs().count == 1)
        #expect(mergeFiles().isEmpty)
        #expect(try store.allRecords() == model.sorted())
        try store.compact()
        #expect(try runs().count == 1)
        #expect(disk.violations.isEmpty)
        #expect(disk.openDescriptors == 0, "\(disk.openNames)")
    }

    @Test func theFilesOfMergesAreKnown() throws {
        let store = store
        let merger = try store.merger()
        func leftovers() throws -> [String] {
            try #require(try StoreInspection.of(merger.directory, store.environment)).leftovers()
        }
        let lock = try #require(try merger.directory.lock(.small, waiting: false))
        let task = try #require(try merger.nextTask(.small))
        #expect(try leftovers().isEmpty)
        disk.close(lock, of: merger)
        #expect(try leftovers() == [task.files.outputName])
        try merger.finish(task)
        #expect(try leftovers().isEmpty)
    }
}

extension SimulatedDisk {
    /// Closes what a merger has open, as its end does.
    fileprivate func close(_ file: FileDescriptor, of merger: RunMerger) {
        merger.directory.storage.close(file)
    }
}
