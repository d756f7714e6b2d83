// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Testing

@Suite("Store")
struct StoreTests {
    @Test func whatIsWrittenIsReadBack() throws {
        try withTemporaryStore { store in
            try store.write("test.set") { transaction in
                try transaction.set(RecordKey("a"), Array("1".utf8))
                try transaction.set(RecordKey("b"), Array("2".utf8))
            }
            let record = try store.read { try $0.record(RecordKey("a")) }
            #expect(record?.value == Array("1".utf8))
            #expect(record?.version == 1)
        }
    }

    @Test func aBodyThatChangesOnlyWhatIsThereMakesNoStore() throws {
        let place = try TemporaryStore()
        let store = Store(at: place.path)
        let found = try store.write("test.delete", makesStore: false) { transaction in
            let record = try transaction.record(RecordKey("a"))
            transaction.delete(RecordKey("a"))
            return record
        }
        #expect(found == nil)
        #expect(try store.durability() == nil)
        try store.write("test.set") { try $0.set(RecordKey("a"), Array("1".utf8)) }
        try store.write("test.set", makesStore: false) { transaction in
            try transaction.set(RecordKey("a"), Array("2".utf8))
        }
        #expect(try store.read { try $0.record(RecordKey("a")) }?.value == Array("2".utf8))
    }

    @Test(arguments: [4000, 16_300, 65_300, 65_536])
    func aLongValueIsReadFromARun(length: Int) throws {
        var environment = StoreEnvironment.live
        environment.limits.rotationBytes = 1
        try withTemporaryStore(environment: environment) { store in
            let value = Array(("\"" + String(repeating: "x", count: length - 2) + "\"").utf8)
            for key in ["a", "b", "c"] {
                try store.write("test.set") { try $0.set(RecordKey(key), value) }
            }
            try store.write("test.rotate") { _ in }
            let found = try store.read { snapshot in
                #expect(try snapshot.record(RecordKey("b"))?.value == value)
                return try snapshot.allRecords()
            }
            #expect(found.map(\.value) == [value, value, value])
        }
    }

    @Test func recordsSurviveRotationsAndMerges() throws {
        var environment = StoreEnvironment.live
        environment.limits.rotationBytes = 2048
        environment.limits.extensionBytes = 1024
        environment.limits.fenceBytes = 512
        try withTemporaryStore(environment: environment) { store in
            for index in 0..<2000 {
                try store.write("test.set") { transaction in
                    let key = RecordKey("k/" + String(index % 500))
                    let old = try transaction.record(key)
                    #expect((old != nil) == (index >= 500))
                    if index % 7 == 0 {
                        transaction.delete(key)
                        try transaction.set(key, Array(String(index).utf8))
                    } else {
                        try transaction.set(key, Array(String(index).utf8))
                    }
                }
            }
            let seen = try store.read { snapshot in
                var seen: [String: String] = [:]
                try snapshot.forEach(prefix: "k/") { record in
                    seen[record.key.text] = String(decoding: record.value, as: UTF8.self)
                    return true
                }
                for index in 0..<500 {
                    let record = try snapshot.record(RecordKey("k/" + String(index)))
                    #expect(record?.value == Array(String(1500 + index).utf8))
                }
                return seen
            }
            #expect(seen.count == 500)
            #expect(seen["k/7"] == "1507")
        }
    }
}
