// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

@testable import BerthStore

@Suite("The store's format", .serialized) struct FormatTests {
    init() throws {
        if ProcessInfo.processInfo.environment["BERTH_WRITE_GOLDEN"] != nil {
            try GoldenStore.write()
        }
    }

    @Test func readerOfTheArticleReadsTheGoldenStore() throws {
        let reader = try FormatReader(GoldenStore.path)
        #expect(reader.runs >= 2)
        #expect(reader.transactions >= 1)
        #expect(reader.records.count == GoldenStore.records.count)
        for (key, expected) in GoldenStore.records {
            let value = try JSONSerialization.jsonObject(
                with: Data(expected.value.utf8), options: .fragmentsAllowed)
            let record = reader.records[key]
            #expect(record?.version == expected.version, "\(key)")
            #expect(try record?.value == FormatReader.canonical(value), "\(key)")
        }
    }

    @Test func engineReadsTheGoldenStore() throws {
        let place = try TemporaryStore()
        try FileManager.default.copyItem(atPath: GoldenStore.path, toPath: place.path)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o700], ofItemAtPath: place.path)
        let store = Store(at: place.path)
        func check() throws {
            let records = try store.allRecords()
            #expect(records.count == GoldenStore.records.count)
            for record in records {
                let expected = GoldenStore.records[record.key.text]
                #expect(String(decoding: record.value, as: UTF8.self) == expected?.value)
                #expect(record.version == expected?.version)
            }
        }
        try check()
        // And goes on in it, where its numbers ended.
        let version = try store.write("golden.more") { transaction in
            try transaction.set(RecordKey("more"), Array("1".utf8))
            return transaction.version
        }
        #expect(version == 51)
        try store.write("golden.less") { $0.delete(RecordKey("more")) }
        try check()
    }

    @Test func readerOfTheArticleReadsWhatIsWrittenNow() throws {
        try withTemporaryStore { store in
            for number in 0..<3000 {
                try store.write("test.set") {
                    try $0.set(RecordKey("k/" + String(number % 700)), Array(String(number).utf8))
                }
            }
            let reader = try FormatReader(store.path)
            let records = try store.allRecords()
            #expect(reader.records.count == records.count)
            for record in records {
                #expect(reader.records[record.key.text]?.value == Data(record.value))
                #expect(reader.records[record.key.text]?.version == record.version)
            }
        }
    }

    @Test func storeOfANewerVersionIsRefusedAndLeftAsItIs() throws {
        try withTemporaryStore { store in
            try store.write("test.set") { try $0.set(RecordKey("a"), Array("1".utf8)) }
            let path = store.path + "/journal"
            let journal = try Data(contentsOf: URL(fileURLWithPath: path))
            let newline = try #require(journal.firstIndex(of: 10))
            let header = try journal[..<newline].withUnsafeBytes { try GenerationHeader($0) }
            for (old, new) in [("\"v\":1", "\"v\":2"), ("\"min_writer\":1", "\"min_writer\":2")] {
                var line = Array(
                    String(decoding: journal[..<newline], as: UTF8.self)
                        .replacingOccurrences(of: old, with: new).utf8.dropLast())
                _ = Frame.end(&line, header.salt)
                var changed = journal
                changed.replaceSubrange(...newline, with: line)
                try changed.write(to: URL(fileURLWithPath: path))
                let fresh = Store(
                    at: store.path, environment: .liveWithoutSharing)
                let error = #expect(throws: StoreError.self) { try fresh.allRecords() }
                #expect(error?.code == .newerVersion)
                let refused = #expect(throws: StoreError.self) {
                    try fresh.write("test.set") { $0.delete(RecordKey("a")) }
                }
                #expect(refused?.code == .newerVersion)
                #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == changed)
            }
        }
    }
}

extension StoreEnvironment {
    /// This machine, as a process of its own would see it.
    fileprivate static var liveWithoutSharing: StoreEnvironment {
        var environment = live
        environment.engines = EngineRegistry()
        return environment
    }
}
