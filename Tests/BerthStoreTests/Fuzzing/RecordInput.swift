// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport

@testable import BerthStore

/// Everything that reads what lies in a store's files, given any bytes: it may
/// refuse them, and must never trap, hang or read beyond their end.
///
/// A fuzzer cannot guess a keyed hash, so the hashes of lines are put right
/// first: what is tried is what follows once a hash was found good.
enum RecordInput {
    private static let key = SipHash(k0: 1, k1: 2)
    /// A small store, wholly on a simulated disk.
    private static let store: DiskState? = {
        guard let (state, _) = try? StartingStore.run.make(.full) else { return nil }
        return state
    }()

    /// Reads bytes as what the first of them says.
    static func run(_ input: [UInt8]) {
        guard let kind = input.first else { return }
        let bytes = Array(input.dropFirst())
        switch kind % 8 {
        case 0: readLine(bytes)
        case 1: readHeader(bytes)
        case 2: readHint(bytes)
        case 3: compact(bytes)
        case 4: readFields(bytes)
        case 5: _ = try? DumpLine.decode(bytes)
        case 6: replace("journal", by: bytes)
        default: replace(bytes.count.isMultiple(of: 2) ? "hint" : "run-1.jsonl", by: bytes)
        }
    }

    // MARK: Lines

    private static func readLine(_ bytes: [UInt8]) {
        let line = withHash(bytes, key)
        line.withUnsafeBytes { line in
            if let found = JournalLine(line, key) {
                _ = TransactionLine.forEachChange(in: line, body: found.body) { key, value in
                    precondition(key.upperBound <= line.count, "a key beyond the line")
                    precondition(value?.upperBound ?? 0 <= line.count, "a value beyond the line")
                }
            }
            if let found = RunLine(line, at: nil, key) {
                precondition(found.key.upperBound <= line.count, "a key beyond the line")
                _ = Entry(found, in: line)
            }
        }
    }

    private static func readHeader(_ bytes: [UInt8]) {
        let salt = JSONFields(bytes)?.string("salt").flatMap { UInt128($0, radix: 16) } ?? 0
        let key = SipHash(
            k0: UInt64(truncatingIfNeeded: salt >> 64), k1: UInt64(truncatingIfNeeded: salt))
        withHash(bytes, key).withUnsafeBytes { line in
            if var header = try? GenerationHeader(line) { _ = header.encode() }
        }
    }

    private static func readHint(_ bytes: [UInt8]) {
        var bytes = Array(bytes.prefix(Hint.size - 1))
        while bytes.count < Hint.size - 1 { bytes.append(UInt8(ascii: " ")) }
        let line = withHash(bytes, key) + [UInt8(ascii: "\n")]
        _ = line.withUnsafeBytes { Hint($0, key) }
    }

    /// Bytes with the hash that a line of them would have in its place.
    private static func withHash(_ bytes: [UInt8], _ key: SipHash) -> [UInt8] {
        guard bytes.count > Frame.prefixLength else { return bytes }
        var line = bytes
        let hash = line.withUnsafeBytes {
            key.hash(UnsafeRawBufferPointer(rebasing: $0[Frame.prefixLength...]))
        }
        var prefix = Array("{\"h\":".utf8)
        prefix.append(quotedHexadecimal: hash)
        line.replaceSubrange(..<prefix.count, with: prefix)
        return line
    }

    // MARK: JSON

    private static func compact(_ bytes: [UInt8]) {
        guard let once = try? JSONText.compact(bytes) else { return }
        precondition((try? JSONText.compact(once)) == once, "compact text becomes another")
        precondition(!once.contains(UInt8(ascii: "\n")), "compact text has more than one line")
        once.withUnsafeBytes {
            precondition(
                JSONScan.endOfValue(in: $0, at: 0) == once.count, "compact text is not scanned")
        }
    }

    private static func readFields(_ bytes: [UInt8]) {
        guard let fields = JSONFields(bytes) else { return }
        _ = fields.names
        _ = fields.string("s")
        _ = fields.integer("n", as: UInt64.self)
        _ = fields.integer("i", as: Int64.self)
        _ = fields.bool("b")
        _ = fields.array("a")
        _ = fields.fields("o")?.string("s")
        _ = Holder(fields)
        _ = RunReference(fields)
    }

    // MARK: A store

    /// Puts lines in the place of a file of a store, and uses the store.
    private static func replace(_ name: String, by bytes: [UInt8]) {
        guard var state = store, let salt = state.generationHeader?.salt else { return }
        let path = Store.simulatedPath + "/" + name
        var lines: [UInt8] = []
        // The header names the run and is itself what the salt is in: it stays.
        if name == "journal", let old = state.bytes(at: path),
            let end = old.firstIndex(of: UInt8(ascii: "\n"))
        {
            lines += old[...end]
        }
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            lines += withHash(Array(line), salt)
            lines.append(UInt8(ascii: "\n"))
        }
        state.plant(lines, at: path)
        let disk = SimulatedDisk(state)
        let store = Store.simulated(on: disk, durability: .full)
        _ = try? store.allRecords()
        try? store.write("fuzz") { try $0.set(RecordKey("a"), [UInt8(ascii: "1")]) }
        _ = try? store.allRecords()
    }
}
