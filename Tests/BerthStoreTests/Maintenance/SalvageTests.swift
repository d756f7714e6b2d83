// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Testing

@testable import BerthStore

@Suite("Salvage")
struct SalvageTests {
    /// Salvages into a copy, which must be sound; the source must stay as it is.
    private func salvage(_ disk: StoreOnDisk) throws -> (SalvageReport, Store) {
        let before = try disk.contents()
        let report = try disk.store.salvage(to: disk.copy)
        #expect(try disk.contents() == before)
        let copy = disk.opened(disk.copy)
        #expect(try copy.verify().isSound)
        #expect(try copy.allRecords().count == report.records)
        return (report, copy)
    }

    @Test func aSoundStoreIsCopiedWhole() throws {
        let disk = try StoreOnDisk()
        let (report, copy) = try salvage(disk)
        #expect(report.dropped.isEmpty)
        #expect(try copy.allRecords() == disk.records)
    }

    @Test func aDamagedRecordIsDroppedAndTheRestIsThere() throws {
        let disk = try StoreOnDisk()
        let run = try disk.store.facts().runs[2].name
        var bytes = try disk.bytes(run)
        bytes[bytes.lineStarts[3] + 50] ^= 4
        try disk.write(bytes, to: run)
        let (report, copy) = try salvage(disk)
        #expect(report.dropped.first.map(\.offset) == [bytes.lineStarts[3]])
        let found = try copy.allRecords()
        // One record is lost, old again or back from the dead; no other differs.
        let different = Set(found).symmetricDifference(disk.records)
        #expect(different.count <= 2)
        #expect(Set(different.map(\.key)).count <= 1)
    }

    @Test func aLostLineOfTheJournalTakesNoOtherWithIt() throws {
        let disk = try StoreOnDisk()
        var bytes = try disk.bytes("journal")
        let starts = bytes.lineStarts
        bytes[starts[2] + 60] ^= 1
        try disk.write(bytes, to: "journal")
        #expect(throws: StoreError.self) { try disk.store.allRecords() }
        let (report, copy) = try salvage(disk)
        #expect(report.dropped.first.map(\.offset) == [starts[2]])
        let different = Set(try copy.allRecords()).symmetricDifference(disk.records)
        #expect(Set(different.map(\.key)).count <= 2)
    }

    @Test func aLostNewlineHidesNothing() throws {
        let disk = try StoreOnDisk()
        for name in ["journal", try disk.store.facts().runs[1].name] {
            var bytes = try disk.bytes(name)
            bytes[bytes.lineStarts[3] - 1] = UInt8(ascii: " ")
            try disk.write(bytes, to: name)
        }
        let (report, copy) = try salvage(disk)
        #expect(report.dropped.count == 2)
        #expect(try copy.allRecords() == disk.records)
    }

    @Test func linesThatAreNotInTheirPlaceAreTaken() throws {
        let disk = try StoreOnDisk()
        for name in ["journal", try disk.store.facts().runs[1].name] {
            let bytes = try disk.bytes(name)
            var lines = bytes.split(separator: UInt8(ascii: "\n"))
            lines.swapAt(1, 3)
            try disk.write(lines.flatMap { Array($0) + [UInt8(ascii: "\n")] }, to: name)
        }
        let (_, copy) = try salvage(disk)
        #expect(try copy.allRecords() == disk.records)
    }

    @Test func aMissingRunLosesOnlyWhatWasInIt() throws {
        let disk = try StoreOnDisk()
        let run = try disk.store.facts().runs[0].name
        try disk.remove(run)
        let (report, copy) = try salvage(disk)
        #expect(report.dropped.first.map(\.file) == [run])
        let found = Set(try copy.allRecords())
        #expect(found.isSubset(of: disk.records))
        #expect(!found.isEmpty)
    }

    @Test(arguments: [true, false])
    func aLostHeaderCostsNoRecord(isWhollyGone: Bool) throws {
        let disk = try StoreOnDisk()
        var bytes = try disk.bytes("journal")
        if isWhollyGone {
            // The salt is still told by the history.
            bytes.replaceSubrange(0..<bytes.lineStarts[1] - 1, with: [UInt8(ascii: "x")])
        } else {
            bytes[30] ^= 1
        }
        try disk.write(bytes, to: "journal")
        let (report, copy) = try salvage(disk)
        #expect(report.notes.count == 1)
        #expect(try copy.allRecords() == disk.records)
    }

    @Test func aLostJournalLeavesTheRuns() throws {
        let disk = try StoreOnDisk()
        try disk.remove("journal")
        let (report, copy) = try salvage(disk)
        #expect(report.dropped.first.map(\.file) == ["journal"])
        #expect(try !copy.allRecords().isEmpty)
    }

    @Test func theCopyGoesOnBeyondWhatMayBeLost() throws {
        let disk = try StoreOnDisk()
        let last = try disk.store.facts().transaction
        let (_, copy) = try salvage(disk)
        try copy.write("test") { try $0.set(RecordKey("new"), [UInt8(ascii: "1")]) }
        let record = try #require(try copy.read { try $0.record(RecordKey("new")) })
        #expect(record.version > last + 1000)
    }

    @Test func withoutASaltNothingIsGuessed() throws {
        let disk = try StoreOnDisk()
        try disk.remove("journal")
        try disk.remove("history")
        let error = #expect(throws: StoreError.self) { try disk.store.salvage(to: disk.copy) }
        #expect(error?.code == .damaged)
        #expect(!disk.exists(disk.copy))
    }
}
