// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Testing

@testable import BerthStore

/// What must be true of a store that is found after a crash.
struct RecoveryCheck {
    let durability: Durability
    /// The run of the machine in which it is found.
    let boot: Int
    /// Whether the machine was started again since the last write.
    let isNewBoot: Bool
    /// What it may hold, from the oldest to the newest state, each in the
    /// order of the keys.
    let allowed: [[Record]]
    /// Every version handed out from now on is greater.
    let floor: UInt64

    /// Equal for equal expectations.
    let digest: Int

    init(
        durability: Durability, boot: Int, isNewBoot: Bool, allowed: [[Record]], floor: UInt64
    ) {
        self.durability = durability
        self.boot = boot
        self.isNewBoot = isNewBoot
        self.allowed = allowed
        self.floor = floor
        var hasher = Hasher()
        hasher.combine(isNewBoot)
        hasher.combine(boot)
        hasher.combine(allowed)
        hasher.combine(floor)
        digest = hasher.finalize()
    }

    struct Violation: Error, CustomStringConvertible {
        let description: String
    }

    /// Opens the store as a new process would, reads it, writes to it, and
    /// reads that back. Returns what a reader found, and what a writer did.
    ///
    /// - Parameter isThorough: then looks at the names of the files, cuts the power once more, with nothing
    ///   arrived that was not flushed, and looks for what was acknowledged.
    func found(on state: DiskState, isThorough: Bool) throws -> [StoreModel] {
        let disk = SimulatedDisk(state)
        let (models, after) = try use(disk)
        try require(disk.violations.isEmpty, disk.violations.joined(separator: "; "))
        try require(
            disk.openDescriptors == 0,
            "descriptors are left open: " + disk.openNames.joined(separator: " "))
        guard isThorough else { return models }
        try checkNames(disk.state)
        if durability != .process {
            let records = try Store.simulated(
                on: SimulatedDisk(disk.state.afterWorstPowerCut), boot: boot + 1, durability: durability
            ).allRecords()
            try require(records == after, "lost after the next power cut: " + Self.text(after) + " became " + Self.text(records))
        }
        return models
    }

    private func use(_ disk: SimulatedDisk) throws -> ([StoreModel], [Record]) {
        let store = Store.simulated(
            on: disk, boot: boot, durability: durability, limits: .smallWithoutHistory)
        let (seen, seenVersion) = try store.read { view in
            (try view.allRecords(), view.version)
        }
        guard let place = allowed.firstIndex(of: seen) else {
            throw Violation(description: "found " + Self.text(seen) + " and not " + wanted)
        }
        let key = RecordKey("~check")
        let value = Array("true".utf8)
        let (records, version) = try store.write("check") { transaction in
            let records = try transaction.allRecords()
            try transaction.set(key, value)
            return (records, transaction.version)
        }
        // What was written and never acknowledged may come to be with the
        // next write; what was seen by a reader does not go away.
        let isLater = allowed[place...].contains(records)
        try require(isLater, "wrote to " + Self.text(records) + " after " + Self.text(seen))
        try require(version > floor, "version \(version) comes again after \(floor)")
        let after = try store.allRecords()
        let expected = records + [Record(key: key, value: value, version: version)]
        try require(after == expected, "wrote one and read back " + Self.text(after))
        var models = [StoreModel(records, version: version - 1)]
        if seenVersion < version - 1 {
            models.insert(StoreModel(seen, version: seenVersion), at: 0)
        }
        return (models, after)
    }

    private var wanted: String { allowed.map(Self.text).joined(separator: " or ") }

    /// A new boot begins with a rotation: no file remains that nothing names.
    private func checkNames(_ state: DiskState) throws {
        guard isNewBoot else { return }
        let names = state.names(in: Store.simulatedPath)
        try require(!names.contains("journal.new"), "journal.new is left")
        let header = try #require(state.generationHeader)
        for name in names where name.hasPrefix("run-") {
            try require(header.runs.contains { $0.name == name }, name + " is left")
        }
    }

    private func require(_ condition: Bool, _ text: @autoclosure () -> String) throws {
        if !condition { throw Violation(description: text()) }
    }

    static func text(_ records: [Record]) -> String {
        let texts = records.map { record in
            let value = String(decoding: record.value.prefix(12), as: UTF8.self)
            return record.key.text + "=" + value + "@" + String(record.version)
        }
        return "[" + texts.joined(separator: " ") + "]"
    }
}

extension DiskState {
    /// The first line of the journal that processes see.
    var generationHeader: GenerationHeader? {
        guard let bytes = bytes(at: Store.simulatedPath + "/journal"),
            let newline = bytes.firstIndex(of: UInt8(ascii: "\n"))
        else { return nil }
        return bytes.withUnsafeBytes {
            try? GenerationHeader(UnsafeRawBufferPointer(rebasing: $0[..<newline]))
        }
    }
}
