// SPDX-License-Identifier: Apache-2.0

/// An immutable, sorted file of records, searched in place.
///
/// Whatever is read is verified, and nothing is said to be absent but between
/// two verified neighbours. The file is closed with the last reference.
final class Run: Sendable {
    let reference: RunReference
    private let file: FileDescriptor
    private let storage: any StorageBackend
    private let key: SipHash
    private let storePath: String
    private let memory = RunMemory()

    init(
        _ reference: RunReference, file: FileDescriptor, storage: any StorageBackend,
        key: SipHash, storePath: String
    ) {
        self.reference = reference
        self.file = file
        self.storage = storage
        self.key = key
        self.storePath = storePath
    }

    deinit {
        storage.close(file)
    }

    func damaged(at offset: Int, _ reason: String) -> StoreError {
        .damaged(storePath, reference.name, at: offset, reason)
    }

    /// Reads exactly so many bytes.
    func read(at offset: Int, count: Int) throws(StoreError) -> [UInt8] {
        do {
            let bytes = try storage.readAll(file, at: offset, count: count)
            if bytes.count == count { return bytes }
        } catch {
            throw .system("cannot read " + storePath + "/" + reference.name, error)
        }
        throw damaged(at: offset, "the file has shrunk")
    }

    // MARK: Searching

    /// The latest change of a key that this run has; nil where it has none.
    ///
    /// - Complexity: O(log n) reads in the number of records.
    func find(_ wanted: UnsafeRawBufferPointer) throws(StoreError) -> Entry.State? {
        guard compare(wanted, reference.first) >= 0, compare(wanted, reference.last) <= 0 else {
            return nil
        }
        let (range, records) = try block(of: wanted)
        if let records { return records.find(wanted) }
        return try search(wanted, in: range).above?.entry.map {
            Entry.State(value: $0.value, version: $0.version)
        }
    }

    /// A cursor over the records from a key on.
    func cursor(from wanted: UnsafeRawBufferPointer) throws(StoreError) -> RunCursor {
        if compare(wanted, reference.first) <= 0 { return RunCursor(self, at: 0) }
        if compare(wanted, reference.last) > 0 { return RunCursor(self, at: reference.fences) }
        let (range, records) = try block(of: wanted)
        if let records {
            return RunCursor(self, records, from: wanted, endingAt: range.upperBound)
        }
        return RunCursor(self, at: try search(wanted, in: range).above?.start ?? range.upperBound)
    }

    private func compare(_ wanted: UnsafeRawBufferPointer, _ text: String) -> Int {
        var text = text
        return text.withUTF8 { wanted.compare(UnsafeRawBufferPointer($0)) }
    }

    /// The part of the records, between two fences, that a key belongs to, and
    /// those records where they are in memory.
    private func block(
        of wanted: UnsafeRawBufferPointer
    ) throws(StoreError) -> (range: Range<Int>, records: EntryTable?) {
        let size = reference.bytes - reference.fences
        let known = try memory.fences(size: size) { () throws(StoreError) in try readFences() }
        if let known {
            guard let range = known.block(of: wanted) else { throw fencesOutOfOrder }
            let records = try memory.records(of: range) { () throws(StoreError) in
                try readRecords(of: range)
            }
            return (range, records)
        }
        let fences = try search(wanted, in: reference.fences..<reference.bytes)
        let end = fences.above?.target ?? reference.fences
        // A fence carries the first key of its block.
        if fences.above?.order == 0 { return (end..<end + 1, nil) }
        guard let start = fences.below?.target, start < end, end <= reference.fences else {
            throw fencesOutOfOrder
        }
        return (start..<end, nil)
    }

    private var fencesOutOfOrder: StoreError {
        damaged(at: reference.fences, "the fences are out of order")
    }

    private func readFences() throws(StoreError) -> FenceTable {
        let offset = reference.fences
        let bytes = try read(at: offset, count: reference.bytes - offset)
        guard bytes.withUnsafeBytes({ isFenceBlock($0) }),
            let fences = FenceTable(bytes, at: offset)
        else { throw damaged(at: offset, "the fences are not what was written") }
        return fences
    }

    private func readRecords(of block: Range<Int>) throws(StoreError) -> EntryTable {
        let bytes = try read(at: block.lowerBound, count: block.count)
        var records = EntryTable()
        let end = bytes.withUnsafeBytes { bytes -> Int in
            records.append(bytes)
            var start = 0
            while let newline = bytes.firstNewline(from: start) {
                let line = UnsafeRawBufferPointer(rebasing: bytes[start..<newline])
                guard let parsed = RunLine(line, at: block.lowerBound + start, key),
                    case .record(let version, let value) = parsed.content,
                    records.append(EntryTable.Place(parsed.key, value, of: version, from: start))
                else { break }
                start = newline + 1
            }
            return start
        }
        guard end == bytes.count else {
            throw damaged(at: block.lowerBound + end, "a record is not what was written")
        }
        return records
    }

    /// A line that was verified while a key was looked for.
    private struct Neighbour {
        let start: Int
        let next: Int
        /// Less than 0 where it stands before the key, 0 where it is the key's.
        let order: Int
        /// The record, where it is the key's.
        let entry: Entry?
        /// Where it leads, if it is a fence.
        let target: Int?
    }

    /// Finds the two neighbouring lines between which a key belongs: the last
    /// that is less, and the first that is not. An edge of the region is nil.
    ///
    /// Invariant: every line that starts before `low` is less; none that
    /// starts at or after `limit` is, and `above` is the first of those.
    private func search(
        _ wanted: UnsafeRawBufferPointer, in region: Range<Int>
    ) throws(StoreError) -> (below: Neighbour?, above: Neighbour?) {
        var window = LineWindow(self, step: Self.windowSize)
        var below: Neighbour?
        var above: Neighbour?
        var low = region.lowerBound
        var limit = region.upperBound
        while limit - low > Self.windowSize {
            let middle = low + (limit - low) / 2
            guard let line = try window.line(atOrAfter: middle, before: limit) else {
                limit = middle
                continue
            }
            let neighbour = try neighbour(line, in: window, of: wanted)
            if neighbour.order < 0 {
                below = neighbour
                low = neighbour.next
            } else {
                above = neighbour
                limit = neighbour.start
            }
        }
        while low < limit {
            let neighbour = try neighbour(try window.line(at: low), in: window, of: wanted)
            if neighbour.order >= 0 { return (below, neighbour) }
            below = neighbour
            low = neighbour.next
        }
        guard low == above?.start ?? region.upperBound else {
            throw damaged(at: low, "two neighbouring lines do not meet")
        }
        return (below, above)
    }

    /// One page: what is left of a search at the end is read at once.
    private static var windowSize: Int { 4096 }

    private func neighbour(
        _ line: LineWindow.Line, in window: borrowing LineWindow,
        of wanted: UnsafeRawBufferPointer
    ) throws(StoreError) -> Neighbour {
        let neighbour = window.withBytes(line) { bytes -> Neighbour? in
            guard let parsed = RunLine(bytes, at: line.start, key) else { return nil }
            let order = UnsafeRawBufferPointer(rebasing: bytes[parsed.key]).compare(wanted)
            switch parsed.content {
            case .fence(let target):
                return Neighbour(
                    start: line.start, next: line.next, order: order, entry: nil, target: target)
            case .record:
                return Neighbour(
                    start: line.start, next: line.next, order: order,
                    entry: order == 0 ? Entry(parsed, in: bytes) : nil, target: nil)
            }
        }
        guard let neighbour else { throw damaged(at: line.start, "a line is not what was written") }
        return neighbour
    }

    /// Whether bytes are the fences that the reference speaks of.
    func isFenceBlock(_ block: UnsafeRawBufferPointer) -> Bool {
        key.hash(block) == reference.fencesHash
    }

    /// Where a fence leads; nil where a line is none.
    func fenceTarget(_ line: UnsafeRawBufferPointer, at offset: Int) -> Int? {
        guard case .fence(let target)? = RunLine(line, at: offset, key)?.content else {
            return nil
        }
        return target
    }

    // MARK: Reading in order

    /// The record that starts at an offset, and where the next one does.
    func entry(
        at offset: Int, in window: inout LineWindow
    ) throws(StoreError) -> (entry: Entry, next: Int) {
        let line = try window.line(at: offset)
        let entry = window.withBytes(line) { bytes -> Entry? in
            RunLine(bytes, at: offset, key).flatMap { Entry($0, in: bytes) }
        }
        guard let entry else { throw damaged(at: offset, "a record is not what was written") }
        return (entry, line.next)
    }
}
