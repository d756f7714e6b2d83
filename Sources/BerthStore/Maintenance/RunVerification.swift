// SPDX-License-Identifier: Apache-2.0

/// Reads every line of a run, and compares the whole with what the header
/// says of it. Bounded memory: the fences, one for each 32 KiB, are kept.
struct RunVerification {
    private let reference: RunReference
    private let key: SipHash
    /// The number of the last transaction before the generation: no version
    /// in a run is greater.
    private let newest: UInt64
    private(set) var damages = DamageList()

    private struct Fence {
        let key: [UInt8]
        let target: Int
        let damage: Damage
    }

    /// In the order of the file.
    private var fences: ArraySlice<Fence> = []
    private var last: [UInt8]?
    private var count = 0

    init(_ reference: RunReference, _ key: SipHash, newest: UInt64) {
        self.reference = reference
        self.key = key
        self.newest = newest
    }

    /// Reads the file. `advance` hears how many bytes were read.
    mutating func read(
        _ file: OpenFile, in directory: StoreDirectory, _ advance: (Int) -> Void
    ) throws(StoreError) {
        if file.status.size != reference.bytes {
            note(
                min(file.status.size, reference.bytes), nil,
                "it has " + String(file.status.size) + " bytes instead of "
                    + String(reference.bytes))
        }
        try readFences(file, in: directory)
        var lines = LineReader(
            file.descriptor, reference.name, in: directory, end: reference.fences,
            limit: RunLine.maximumLength)
        var read = 0
        while let line = try lines.next() {
            take(line)
            advance(line.offset - read)
            read = line.offset
        }
        for fence in fences { damages.append(fence.damage) }
        checkTotals()
        advance(reference.bytes - read)
    }

    // MARK: Fences

    private mutating func readFences(
        _ file: OpenFile, in directory: StoreDirectory
    ) throws(StoreError) {
        let block = try directory.read(
            file.descriptor, reference.name, at: reference.fences,
            count: reference.bytes - reference.fences)
        if block.withUnsafeBytes({ key.hash($0) }) != reference.fencesHash {
            note(reference.fences, nil, "the fences are not what was written")
        }
        var found: [Fence] = []
        var lines = LineReader(limit: RunLine.maximumLength) { offset, count in
            Array(block.dropFirst(offset).prefix(count))
        }
        while let line = try lines.next() {
            let offset = reference.fences + line.offset
            guard line.isWhole, let fence = fence(line.bytes, at: offset) else {
                note(offset, nil, "a fence is not what was written")
                continue
            }
            found.append(fence)
        }
        fences = found[...]
        if found.first?.target != 0 { note(reference.fences, nil, "the first fence is missing") }
    }

    private func fence(_ line: [UInt8], at offset: Int) -> Fence? {
        line.withUnsafeBytes { bytes in
            guard let parsed = RunLine(bytes, at: offset, key),
                case .fence(let target) = parsed.content
            else { return nil }
            return Fence(
                key: Array(bytes[parsed.key]), target: target,
                damage: Damage(
                    reference.name, at: offset, "a fence leads to no record of its key"))
        }
    }

    // MARK: Records

    private mutating func take(_ line: LineReader.Line) {
        let entry = line.bytes.withUnsafeBytes { bytes in
            RunLine(bytes, at: line.offset, key).flatMap { Entry($0, in: bytes) }
        }
        guard line.isWhole, let entry else {
            // A fence that leads here has nothing to be compared with.
            if fences.first?.target == line.offset { fences.removeFirst() }
            return note(line.offset, line.number, "the line is not what was written")
        }
        count += 1
        if let last, !last.lexicographicallyPrecedes(entry.key) {
            note(line.offset, line.number, "its key does not come after the one before")
        }
        if last == nil, !entry.key.elementsEqual(reference.first.utf8) {
            note(line.offset, line.number, "it is not the first record that the header names")
        }
        if entry.version > newest {
            note(line.offset, line.number, "it is newer than the journal's beginning")
        }
        last = entry.key
        if let fence = fences.first, fence.target <= line.offset {
            fences.removeFirst()
            if fence.target != line.offset || fence.key != entry.key {
                damages.append(fence.damage)
            }
        }
    }

    private mutating func checkTotals() {
        // What a damaged line was is not known: it was said already.
        guard damages.isEmpty else { return }
        if count != reference.records {
            note(
                reference.fences, nil,
                "it has " + String(count) + " records instead of " + String(reference.records))
        }
        if last.map({ $0.elementsEqual(reference.last.utf8) }) != true {
            note(reference.fences, nil, "its last record is not the one that the header names")
        }
    }

    private mutating func note(_ offset: Int, _ record: Int?, _ reason: String) {
        damages.append(Damage(reference.name, at: offset, record: record, reason))
    }
}
