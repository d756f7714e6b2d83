// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Foundation
import Synchronization

/// A store that an earlier build wrote and that stays as it was: what every
/// later version must read.
///
/// To write it anew after a change of the format, which takes a new version
/// number: `BERTH_WRITE_GOLDEN=1 swift test --filter FormatTests`.
enum GoldenStore {
    /// Where the files are kept.
    static var path: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("golden", isDirectory: true).path
    }

    /// What it holds: the value and the version of each key.
    static var records: [String: (value: String, version: UInt64)] {
        var records: [String: (value: String, version: UInt64)] = [:]
        for number in 1...40 { records[key(number)] = (value(number), UInt64(number)) }
        for number in 1...8 { records[key(number * 3)] = nil }
        records[key(5)] = (#"{"changed":true}"#, 49)
        records[key(40)] = (#"["last",1.5e3,null]"#, 50)
        return records
    }

    private static func key(_ number: Int) -> String { "golden/" + String(1000 + number) }

    private static func value(_ number: Int) -> String {
        #"{"number":\#(number),"text":"a\u0007 b\n\"quoted\" ü 🚢"}"#
    }

    /// Writes the store: 50 transactions in several generations.
    static func write() throws {
        try? FileManager.default.removeItem(atPath: path)
        let random = Mutex<UInt64>(0)
        var environment = StoreEnvironment.live
        environment.limits.rotationBytes = 2048
        environment.limits.extensionBytes = 512
        environment.limits.fenceBytes = 1024
        environment.limits.fanIn = 100
        environment.limits.historyGenerations = 0
        environment.engines = EngineRegistry()
        environment.bootID = { () throws(SystemError) in "01234567-89ab-4cde-8f01-23456789abcd" }
        environment.now = { 1_700_000_000_000 }
        environment.process = { 4242 }
        environment.random = {
            random.withLock {
                $0 &+= 0x9E37_79B9_7F4A_7C15
                return $0
            }
        }
        let store = Store(at: path, environment: environment)
        for number in 1...40 {
            try store.write("golden.set") {
                try $0.set(RecordKey(key(number)), Array(value(number).utf8))
            }
        }
        for number in 1...8 {
            try store.write("golden.delete") { $0.delete(RecordKey(key(number * 3))) }
        }
        for (number, value) in [(5, #"{"changed":true}"#), (40, #"["last",1.5e3,null]"#)] {
            try store.write("golden.set") {
                try $0.set(RecordKey(key(number)), Array(value.utf8))
            }
        }
    }
}
