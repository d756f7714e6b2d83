// SPDX-License-Identifier: Apache-2.0

/// Writes a run: records in the order of their keys, then the fences.
struct RunWriter {
    private let number: UInt64
    private let key: SipHash
    private let fenceBytes: Int
    private let write: (UnsafeRawBufferPointer, Int) throws(StoreError) -> Void

    private var buffer: [UInt8] = []
    /// Where in the file the buffer begins.
    private var base = 0
    private var records = 0
    private var fences: [(key: [UInt8], target: Int)] = []
    private var last: [UInt8] = []

    /// How much is gathered for one write.
    private static var bufferSize: Int { 256 * 1024 }

    /// Begins a run. `write` writes bytes at an offset of the run's file, all of them.
    init(
        number: UInt64, key: SipHash, fenceBytes: Int,
        write: @escaping (UnsafeRawBufferPointer, Int) throws(StoreError) -> Void
    ) {
        self.number = number
        self.key = key
        self.fenceBytes = fenceBytes
        self.write = write
    }

    private mutating func append(_ entry: Entry) throws(StoreError) {
        let offset = base + buffer.count
        if offset >= fences.count * fenceBytes { fences.append((entry.key, offset)) }
        records += 1
        last = entry.key
        RunLine.append(entry, at: offset, key, to: &buffer)
        if buffer.count >= Self.bufferSize { try flushBuffer() }
    }

    private mutating func flushBuffer() throws(StoreError) {
        let write = write
        let base = base
        let result = buffer.withUnsafeBytes { bytes -> Result<Void, StoreError> in
            Result { () throws(StoreError) in try write(bytes, base) }
        }
        try result.get()
        self.base += buffer.count
        buffer.removeAll(keepingCapacity: true)
    }

    /// Writes the entries of a cursor, and the fences. Returns how a header names
    /// the run, nil where it has no record, and the greatest version that was met.
    mutating func write(
        _ entries: consuming some EntryCursor, keepsTombstones: Bool
    ) throws(StoreError) -> (run: RunReference?, newest: UInt64) {
        var entries = entries
        var newest: UInt64 = 0
        while let entry = try entries.next() {
            if entry.value != nil || keepsTombstones { try append(entry) }
            newest = max(newest, entry.version)
        }
        return (try finish(), newest)
    }

    /// Writes the fences; returns how a header names the run, or nil where it
    /// has no record.
    private mutating func finish() throws(StoreError) -> RunReference? {
        guard let first = fences.first?.key else { return nil }
        let start = base + buffer.count
        var block: [UInt8] = []
        for fence in fences {
            RunLine.append(
                fence: fence.key, to: fence.target, at: start + block.count, key, to: &block)
        }
        buffer += block
        try flushBuffer()
        return RunReference(
            number: number, bytes: base, records: records, fences: start,
            fencesHash: block.withUnsafeBytes { key.hash($0) },
            first: String(decoding: first, as: UTF8.self),
            last: String(decoding: last, as: UTF8.self))
    }
}
