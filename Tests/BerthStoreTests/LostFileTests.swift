// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

@testable import BerthStore

/// Files that are gone, emptied, or of another store; a handle in another
/// process; numbers at their end.
@Suite struct LostFileTests {
    enum Loss: CaseIterable {
        case removed, emptied
    }

    private func lose(_ name: String, of disk: StoreOnDisk, _ loss: Loss) throws {
        switch loss {
        case .removed: try disk.remove(name)
        case .emptied: try disk.write([], to: name)
        }
    }

    private func code(_ body: () throws -> Void) throws -> StoreError.Code? {
        do {
            try body()
            return nil
        } catch let error as StoreError {
            return error.code
        }
    }

    private func write(_ store: Store) throws {
        try store.write("test") { try $0.set(RecordKey("new"), Array("1".utf8)) }
    }

    /// A store that has lost its journal or a run is not a new one: it is
    /// refused, and stays as it is.
    @Test(arguments: ["journal", "run"], Loss.allCases)
    func aLostFileIsDamageAndNothingIsMadeAnew(name: String, loss: Loss) throws {
        let disk = try StoreOnDisk()
        try lose(name == "run" ? try disk.store.facts().runs[0].name : name, of: disk, loss)
        let before = try disk.contents()
        #expect(try code { _ = try disk.store.allRecords() } == .damaged)
        #expect(try code { try write(disk.store) } == .damaged)
        #expect(try disk.contents() == before)
        #expect(try code { try disk.store.compact() } == .damaged)
    }

    /// Without its lock a store can be read, and two writers could be in at once.
    @Test func withoutItsLockAStoreIsReadAndNotWritten() throws {
        let disk = try StoreOnDisk()
        try disk.remove("lock")
        let before = try disk.contents()
        #expect(try disk.store.allRecords() == disk.records)
        #expect(try code { try write(disk.store) } == .damaged)
        #expect(try disk.contents() == before)
    }

    /// What the hint says is proven elsewhere too: without it, and with that of
    /// another store, everything is there.
    @Test(arguments: ["removed", "emptied", "another's"])
    func aLostHintLosesNothing(how: String) throws {
        let disk = try StoreOnDisk()
        switch how {
        case "removed": try disk.remove("hint")
        case "emptied": try disk.write([], to: "hint")
        default: try disk.write(try StoreOnDisk().bytes("hint"), to: "hint")
        }
        #expect(try disk.store.allRecords() == disk.records)
        try write(disk.store)
        #expect(try disk.store.verify().isSound)
    }

    /// The files of two stores are never taken for those of one.
    @Test(arguments: ["journal", "run"])
    func aFileOfAnotherStoreIsRefused(name: String) throws {
        let (disk, other) = (try StoreOnDisk(), try StoreOnDisk())
        let name = name == "run" ? try disk.store.facts().runs[0].name : name
        try disk.write(try other.bytes(name), to: name)
        #expect(try code { _ = try disk.store.allRecords() } == .damaged)
        #expect(try code { try disk.store.compact() } == .damaged)
        #expect(try !disk.store.verify().isSound)
    }

    /// A child of `fork` shares the locks of its parent: it may use none.
    @Test func aHandleIsRefusedInAnotherProcess() throws {
        final class Identity: @unchecked Sendable {
            // Because only this test's thread sets and reads it.
            var process: Int32 = 7
        }
        let identity = Identity()
        let place = try TemporaryStore()
        var environment = StoreEnvironment.live
        environment.engines = EngineRegistry()
        environment.process = { identity.process }
        let store = Store(at: place.path, environment: environment)
        try write(store)
        identity.process = 8
        #expect(try code { try write(store) } == .invalid)
        #expect(try code { _ = try store.allRecords() } == .invalid)
        identity.process = 7
        #expect(try store.allRecords().count == 1)
    }

    /// Numbers never wrap and never trap: the last one is refused in good time.
    @Test func theLastNumberIsRefused() throws {
        let place = try TemporaryStore()
        var environment = StoreEnvironment.live
        environment.engines = EngineRegistry()
        try write(Store(at: place.path, environment: environment))
        let path = URL(fileURLWithPath: place.path + "/journal")
        let journal = try Data(contentsOf: path)
        let newline = try #require(journal.firstIndex(of: 10))
        var header = try journal[..<newline].withUnsafeBytes { try GenerationHeader($0) }
        header.number = StoreLimits.maximumNumber - 3
        let line = header.encode()
        try Data(line + [UInt8](repeating: Frame.fill, count: 4096)).write(to: path)
        try FileManager.default.removeItem(atPath: place.path + "/hint")

        environment.engines = EngineRegistry()
        let store = Store(at: place.path, environment: environment)
        for _ in 0..<3 { try write(store) }
        #expect(try store.read { try $0.record(RecordKey("new")) }?.version == 1 << 53)
        #expect(try code { try write(store) } == .noRoom)
        #expect(try store.allRecords().count == 1)
        #expect(try store.verify().isSound)
    }
}
