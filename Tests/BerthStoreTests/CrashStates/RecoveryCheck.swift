// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Testing

@testable import BerthStore

/// Finds out what a store is after a crash, and that it goes on working.
struct RecoveryCheck {
    let durability: Durability
    /// The run of the machine in which the store is found.
    let boot: Int
    /// Whether the machine was started again since the last write.
    let isNewBoot: Bool

    struct Violation: Error, CustomStringConvertible {
        let description: String
    }

    /// What was found, in the order of the keys.
    struct Finding {
        /// What a reader saw first.
        let seen: StoreModel
        /// What the next writer saw.
        let written: StoreModel
    }

    /// Opens the store as a new process would, reads it, writes to it, and
    /// reads that back. A thorough check also looks at the names of the files,
    /// cuts the power once more, with nothing arrived that was not flushed,
    /// and looks for what was acknowledged.
    func find(on state: DiskState, isThorough: Bool) throws -> Finding {
        let disk = SimulatedDisk(state)
        let (finding, after) = try use(disk)
        try require(disk.violations.isEmpty, disk.violations.joined(separator: "; "))
        try require(
            disk.openDescriptors == 0,
            "descriptors are left open: " + disk.openNames.joined(separator: " "))
        guard isThorough else { return finding }
        if isNewBoot { try checkNames(disk.state) }
        if durability != .process {
            let records = try Store.simulated(
                on: SimulatedDisk(disk.state.afterWorstPowerCut), boot: boot + 1,
                durability: durability
            ).allRecords()
            try require(
                records == after,
                "the next power cut made " + Expectation.text(after) + " to "
                    + Expectation.text(records))
        }
        return finding
    }

    private func use(_ disk: SimulatedDisk) throws -> (Finding, [Record]) {
        let store = Store.simulated(
            on: disk, boot: boot, durability: durability, limits: .smallWithoutHistory)
        let (seen, seenVersion) = try store.read { (try $0.allRecords(), $0.version) }
        let key = RecordKey("~check")
        let value = Array("true".utf8)
        let (records, version) = try store.write("check") { transaction in
            let records = try transaction.allRecords()
            try transaction.set(key, value)
            return (records, transaction.version)
        }
        let after = try store.allRecords()
        let expected = records + [Record(key: key, value: value, version: version)]
        try require(after == expected, "wrote one and read back " + Expectation.text(after))
        let finding = Finding(
            seen: StoreModel(seen, version: seenVersion),
            written: StoreModel(records, version: version - 1))
        return (finding, after)
    }

    /// A new boot begins with a rotation: no file remains that nothing names.
    private func checkNames(_ state: DiskState) throws {
        let names = state.names(in: Store.simulatedPath)
        try require(!names.contains("journal.new"), "journal.new is left")
        let header = try #require(state.generationHeader)
        for name in names where name.hasPrefix("run-") {
            try require(header.runs.contains { $0.name == name }, name + " is left")
        }
        for files in MergeFiles.all(in: names) {
            throw Violation(description: files.outputName + " or its line is left")
        }
    }

    private func require(_ condition: Bool, _ text: @autoclosure () -> String) throws {
        if !condition { throw Violation(description: text()) }
    }
}
