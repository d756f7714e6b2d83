// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

@testable import BerthStore

@Suite("Copies of a store")
struct CopyTests {
    private func read(_ text: String) -> (Int) throws(StoreError) -> [UInt8] {
        var rest = Array(text.utf8)[...]
        return { count throws(StoreError) in
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
    }

    private func dump(_ store: Store) throws -> String {
        try store.allRecords().map { String(decoding: DumpLine.encode($0), as: UTF8.self) + "\n" }
            .joined()
    }

    @Test func aBackupHoldsTheSameAndGoesOn() throws {
        let disk = try StoreOnDisk()
        let before = try disk.contents()
        let version = try disk.store.backUp(to: disk.copy)
        #expect(try disk.contents() == before)
        let copy = disk.opened(disk.copy)
        #expect(try copy.verify().isSound)
        #expect(try copy.allRecords() == disk.records)
        #expect(try copy.facts().transaction == version)
        #expect(try copy.durability() == .process)
        try copy.write("test") { try $0.set(RecordKey("new"), [UInt8(ascii: "1")]) }
        #expect(try copy.read { try $0.record(RecordKey("new")) }?.version == version + 1)
        #expect(try identity(disk.place.path) != identity(disk.copy))
    }

    private func identity(_ path: String) throws -> UInt128 {
        let environment = StoreEnvironment.live
        let directory = try #require(try StoreDirectory.open(path, creating: false, environment))
        return try #require(try StoreInspection.of(directory, environment)).header.storeID
    }

    @Test(arguments: ["file", "directory", "link"])
    func whatIsThereIsNotReplaced(kind: String) throws {
        let disk = try StoreOnDisk()
        switch kind {
        case "file": try "x".write(toFile: disk.copy, atomically: false, encoding: .utf8)
        case "directory": _ = try disk.place.makeDirectory("copy")
        default:
            try FileManager.default.createSymbolicLink(
                atPath: disk.copy, withDestinationPath: "nowhere")
        }
        for make in [
            { _ = try disk.store.backUp(to: disk.copy) },
            { _ = try disk.store.salvage(to: disk.copy) },
        ] {
            let error = #expect(throws: StoreError.self) { try make() }
            #expect(error?.code == .cannotCreate)
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: disk.place.directory).count == 2)
    }

    @Test func aBackupOfADamagedStoreLeavesNothing() throws {
        let disk = try StoreOnDisk()
        let run = try disk.store.facts().runs[0].name
        var bytes = try disk.bytes(run)
        bytes[bytes.lineStarts[4] + 40] ^= 1
        try disk.write(bytes, to: run)
        let error = #expect(throws: StoreError.self) { try disk.store.backUp(to: disk.copy) }
        #expect(error?.code == .damaged)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: disk.place.directory) == ["store"])
    }

    @Test func aBackupIsNotMadeInsideTheStore() throws {
        let disk = try StoreOnDisk()
        let error = #expect(throws: StoreError.self) { try disk.store.backUp(to: disk.path("in")) }
        #expect(error?.code == .invalid)
        #expect(!disk.exists(disk.path("in")))
    }

    @Test func compactingLeavesOneRunAndEveryRecord() throws {
        let disk = try StoreOnDisk()
        try disk.store.compact()
        let facts = try disk.store.facts()
        #expect(facts.runs.count == 1)
        // Tombstones are gone.
        #expect(facts.runs.first?.records == disk.records.count)
        #expect(try disk.store.allRecords() == disk.records)
        #expect(try disk.store.verify().isSound)
        try disk.store.compact()
        #expect(try disk.store.allRecords() == disk.records)
    }

    @Test func compactingAnEmptyStoreIsNoTrouble() throws {
        let place = try TemporaryStore()
        let store = Store(at: place.path)
        let error = #expect(throws: StoreError.self) { try store.compact() }
        #expect(error?.code == .notFound)
        try store.create()
        try store.compact()
        #expect(try store.verify().isSound)
    }

    @Test(arguments: [true, false])
    func aDumpIsRestored(isMade: Bool) throws {
        let disk = try StoreOnDisk()
        let copy = disk.opened(disk.copy)
        if isMade { try copy.create() }
        let count = try copy.restore(read(try dump(disk.store)))
        #expect(count == disk.records.count)
        #expect(try copy.allRecords() == disk.records)
        #expect(try copy.verify().isSound)
        let greatest = disk.records.map(\.version).max()
        #expect(try copy.facts().transaction == greatest)
    }

    @Test func aDumpIsRestoredIntoAnEmptyDirectoryOrLeavesItEmpty() throws {
        let disk = try StoreOnDisk()
        let place = try disk.place.makeDirectory("empty")
        let text = try dump(disk.store)
        #expect(throws: StoreError.self) { try disk.opened(place).restore(read(text + "x")) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: place).isEmpty)
        #expect(try disk.opened(place).restore(read(text)) == disk.records.count)
        #expect(try disk.opened(place).allRecords() == disk.records)
        #expect(
            try Set(FileManager.default.contentsOfDirectory(atPath: disk.place.directory))
                == ["store", "empty"])
    }

    @Test func whatAKilledCopyLeftIsRemovedByTheNext() throws {
        let disk = try StoreOnDisk()
        func leave(_ name: String, _ files: [String]) throws -> String {
            let path = try disk.place.makeDirectory(name)
            for file in files {
                try "x".write(toFile: path + "/" + file, atomically: false, encoding: .utf8)
            }
            return name
        }
        let files = ["lock", "journal", "journal.new", "hint", "run-1.jsonl"]
        _ = try leave("copy.incomplete-0123456789abcdef", files)
        _ = try leave("other.incomplete-0123456789abcdef", [])
        // Somebody is at it.
        let busy = try leave("copy.incomplete-00000000000000aa", files)
        let lock = try FileCalls.openDirectory(disk.place.directory + "/" + busy)
        defer { FileCalls.close(lock) }
        #expect(try FileCalls.lock(lock, .exclusive, waiting: false))
        // A person's.
        let notes = try leave("copy.incomplete-00000000000000bb", files + ["notes"])
        let near = try leave("copy.incomplete-0123", files)

        try disk.store.backUp(to: disk.copy)
        #expect(
            try Set(FileManager.default.contentsOfDirectory(atPath: disk.place.directory))
                == ["store", "copy", busy, notes, near])
    }

    @Test func aStoreThatHoldsRecordsIsNotRestoredInto() throws {
        let disk = try StoreOnDisk()
        let before = try disk.contents()
        let error = #expect(throws: StoreError.self) { try disk.store.restore(read("")) }
        #expect(error?.code == .cannotCreate)
        #expect(try disk.contents() == before)
    }

    private static var good: String { "{\"key\":\"b\",\"version\":3,\"value\":{\"x\":[1]}}" }

    @Test(arguments: [
        "", "x", "{}", "{\"key\":\"c\",\"version\":1}", "{\"key\":\"c\",\"version\":0,\"value\":1}",
        "{\"key\":\"c\",\"version\":1.5,\"value\":1}", "{\"key\":\"c\",\"version\":-1,\"value\":1}",
        "{\"key\":\"c\",\"version\":9007199254740992,\"value\":1}",
        "{\"key\":\"c d\",\"version\":1,\"value\":1}", "{\"key\":\"\",\"version\":1,\"value\":1}",
        "{\"key\":\"c\",\"version\":1,\"value\":1,\"more\":1}",
        "{\"key\":\"c\",\"version\":1,\"value\":}",
        "{\"key\":\"b\",\"version\":1,\"value\":1}", "{\"key\":\"a\",\"version\":1,\"value\":1}",
        "{\"key\":\"c\",\"version\":1,\"value\":\"" + String(repeating: "x", count: 65_536) + "\"}",
        "{\"key\":\"c\",\"version\":1,\"value\":\"" + String(repeating: "x", count: 2_000_000)
            + "\"}",
    ])
    func aBadLineIsNamedAndNothingRestored(line: String) throws {
        let place = try TemporaryStore()
        let store = Store(at: place.path)
        let text = Self.good + "\n" + line + "\n"
        let first = #expect(throws: StoreError.self) { try store.restore(read(text)) }
        #expect(first?.code == .invalid)
        #expect(first?.message.hasPrefix("line 2 ") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.directory).isEmpty)
        try store.create()
        let before = try Data(contentsOf: URL(fileURLWithPath: place.path + "/journal"))
        #expect(throws: StoreError.self) { try store.restore(read(text)) }
        #expect(try Data(contentsOf: URL(fileURLWithPath: place.path + "/journal")) == before)
        #expect(try store.allRecords().isEmpty)
    }

    @Test func whatAValueMayBeCanBeRestored() throws {
        let place = try TemporaryStore()
        let store = Store(at: place.path)
        let deep = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        let long = "\"" + String(repeating: "x", count: 65_534) + "\""
        let lines =
            "{\"key\":\"a\",\"version\":1,\"value\":\(deep)}\n"
            + " { \"value\" : \(long) , \"version\" : 2 , \"key\" : \"\\u0062\" } "
        #expect(try store.restore(read(lines)) == 2)
        #expect(try store.allRecords().map { $0.value.count } == [64, 65_536])
    }
}
