// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Testing

@testable import BerthStore

@Suite("Verification")
struct VerificationTests {
    @Test func aSoundStoreIsSound() throws {
        let disk = try StoreOnDisk()
        let before = try disk.contents()
        var reported = (done: 0, total: 0)
        let result = try disk.store.verify { reported = ($0, $1) }
        #expect(result.isSound, "\(result.damages.first)")
        #expect(result.notes.isEmpty)
        #expect(result.runs == 3)
        #expect(result.bytes == reported.total)
        #expect(reported.done == reported.total)
        #expect(try disk.contents() == before)
    }

    @Test func everyDamagedLineOfARunIsNamed() throws {
        let disk = try StoreOnDisk()
        let name = try disk.store.facts().runs[1].name
        let sound = try disk.bytes(name)
        for (index, start) in sound.lineStarts.enumerated() {
            var damaged = sound
            damaged[start + 40] ^= 1
            try disk.write(damaged, to: name)
            let found = try disk.store.verify().damages.first
            #expect(found.contains { $0.file == name && $0.offset == start }, "line \(index)")
            let isRecord = start < (try fences(of: name, disk))
            if isRecord { #expect(found.contains { $0.record == index + 1 }) }
        }
    }

    private func fences(of name: String, _ disk: StoreOnDisk) throws -> Int {
        let directory = try #require(
            try StoreDirectory.open(disk.place.path, creating: false, disk.store.environment))
        let seen = try #require(try StoreInspection.of(directory, disk.store.environment))
        return try #require(seen.header.runs.first { $0.name == name }).fences
    }

    @Test func everyDamagedLineOfTheJournalIsNamed() throws {
        let disk = try StoreOnDisk()
        let sound = try disk.bytes("journal")
        for (index, start) in sound.lineStarts.enumerated() {
            var damaged = sound
            damaged[start + 40] ^= 1
            try disk.write(damaged, to: "journal")
            let found = try #require(try disk.store.verify().damages.first.first)
            #expect(found.file == "journal")
            #expect(found.offset == start)
            #expect(found.record == index + 1)
        }
    }

    @Test func swappedLinesOfARunAreNamed() throws {
        let disk = try StoreOnDisk()
        let name = try disk.store.facts().runs[0].name
        let bytes = try disk.bytes(name)
        var lines = bytes.split(separator: UInt8(ascii: "\n"))
        lines.swapAt(2, 5)
        try disk.write(lines.flatMap { Array($0) + [UInt8(ascii: "\n")] }, to: name)
        #expect(try !disk.store.verify().isSound)
    }

    @Test(arguments: ["journal", "lock"])
    func aMissingFileIsNamed(name: String) throws {
        let disk = try StoreOnDisk()
        try disk.remove(name)
        let found = try disk.store.verify().damages.first
        #expect(found.map(\.file) == [name])
    }

    @Test func aMissingAndAShorterRunAreNamed() throws {
        let disk = try StoreOnDisk()
        let runs = try disk.store.facts().runs.map(\.name)
        try disk.remove(runs[0])
        try disk.write(try disk.bytes(runs[2]).dropLast(30), to: runs[2])
        let files = Set(try disk.store.verify().damages.first.map(\.file))
        #expect(files == [runs[0], runs[2]])
    }

    @Test func aTornEndThatNobodyWasToldOfIsANote() throws {
        let disk = try StoreOnDisk()
        let end = try disk.store.facts().journalBytes
        var bytes = try disk.bytes("journal")
        bytes.replaceSubrange(
            end..<end + 20, with: Array("{\"h\":\"0000000000000000\"".utf8.prefix(20)))
        try disk.write(bytes, to: "journal")
        let result = try disk.store.verify()
        #expect(result.isSound)
        #expect(result.notes.count == 1)
    }

    @Test func whatACrashLeftIsANote() throws {
        let disk = try StoreOnDisk()
        try disk.add("run-999.jsonl")
        let result = try disk.store.verify()
        #expect(result.isSound)
        #expect(result.notes.count == 1)
    }

    @Test func whereThereIsNoStoreNothingIsVerified() throws {
        let place = try TemporaryStore()
        let error = #expect(throws: StoreError.self) { try Store(at: place.path).verify() }
        #expect(error?.code == .notFound)
    }

    @Test func writeAmplificationIsThatOfTheHistory() throws {
        let disk = try StoreOnDisk()
        let history = try disk.store.facts().history
        #expect(history.generations == 2)
        // Each byte is written to the journal, and once more to a run that is
        // not merged, without the names of its transaction.
        let ratio = try #require(history.writeAmplification)
        #expect(ratio > 1 && ratio < 3)
    }
}
