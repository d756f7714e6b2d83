// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Testing

/// A store that is sound, and what a damaged copy of it may do: give the
/// right answer, or refuse and leave every byte as it was.
struct DamageCheck: Sendable {
    let sound: DiskState
    /// What it holds, in the order of the keys.
    let records: [Record]
    var boot = 1
    /// Other whole states that nothing tells from the right one.
    var alsoAllowed: [[Record]] = []
    /// What it held before its last transaction.
    var withoutLast: [Record] = []

    static var journal: String { Store.simulatedPath + "/journal" }
    static var hint: String { Store.simulatedPath + "/hint" }

    struct Violation: Error, CustomStringConvertible {
        let description: String
    }

    /// Replaces a file by damaged bytes, then reads the store.
    func read(_ bytes: [UInt8], at path: String, _ what: @autoclosure () -> String) throws {
        try use(bytes, at: path, "reading with " + what()) { try $0.allRecords() }
    }

    /// Replaces a file by damaged bytes, then writes to the store.
    func write(_ bytes: [UInt8], at path: String, _ what: @autoclosure () -> String) throws {
        try use(bytes, at: path, "writing with " + what()) { store in
            let key = RecordKey("~check")
            try store.write("check") { try $0.set(key, Array("1".utf8)) }
            return try store.allRecords().filter { $0.key != key }
        }
    }

    private func use(
        _ bytes: [UInt8], at path: String, _ what: @autoclosure () -> String,
        _ body: (Store) throws -> [Record]
    ) throws {
        var state = sound
        state.plant(bytes, at: path)
        let disk = SimulatedDisk(state)
        do {
            let found = try body(
                .simulated(on: disk, boot: boot, limits: .smallWithoutHistory))
            if found == records || alsoAllowed.contains(found) { return }
            throw Violation(
                description: what() + ": found " + String(found.count) + " records, expected "
                    + String(records.count))
        } catch let error as StoreError {
            guard error.code == .damaged || error.code == .newerVersion else {
                throw Violation(description: what() + ": \(error)")
            }
            if disk.state.digest != state.digest {
                throw Violation(description: what() + ": refused, and yet changed the store")
            }
        }
    }
}

extension DamageCheck {
    /// A strict store whose journal has 16 KiB, nearly all of them lines.
    static func withJournal(of size: Int = 16 * 1024) throws -> DamageCheck {
        let disk = SimulatedDisk()
        var limits = StoreLimits.small
        limits.rotationBytes = .max
        limits.extensionBytes = 256
        let store = Store.simulated(on: disk, limits: limits)
        try store.create()
        var previous: [Record] = []
        for index in 0... {
            let records = try store.allRecords()
            let count = try #require(disk.state.bytes(at: journal)).count
            if count > size - 1024 { break }
            previous = records
            try store.write("fill") { transaction in
                let text = "\"" + String(repeating: "x", count: 500 + index * 7) + "\""
                try transaction.set(RecordKey("key/" + String(index % 11)), Array(text.utf8))
                transaction.delete(RecordKey("key/" + String((index + 3) % 13)))
            }
        }
        disk.state.sync()
        var state = disk.state
        var bytes = try #require(state.bytes(at: journal))
        bytes += [UInt8](repeating: UInt8(ascii: "\n"), count: size - bytes.count)
        state.plant(bytes, at: journal)
        var check = DamageCheck(sound: state, records: try store.allRecords())
        check.withoutLast = previous
        return check
    }

    /// A strict store with a run, and nothing in its journal.
    static func withRun() throws -> DamageCheck {
        let disk = SimulatedDisk()
        let store = Store.simulated(on: disk)
        try store.write("fill") { transaction in
            for index in 0..<10 {
                try transaction.set(RecordKey("key/" + String(index * 2)), [UInt8(ascii: "7")])
            }
        }
        var limits = StoreLimits.small
        limits.rotationBytes = 1
        try Store.simulated(on: disk, limits: limits).write("rotate") { _ in }
        disk.state.sync()
        return DamageCheck(sound: disk.state, records: try store.allRecords())
    }
}
