// SPDX-License-Identifier: Apache-2.0

/// What a first look at a run's file shows: what is lost in it, and what is
/// valid but not in its place. The rest is in the order of its keys, because
/// every line stands where it was written.
struct SalvagedRun {
    private(set) var misplaced: [Entry] = []
    /// The greatest version that was seen.
    private(set) var newest: UInt64 = 0

    static func scan(
        _ name: String, _ directory: StoreDirectory, _ salt: SipHash,
        _ report: inout SalvageReport
    ) throws(StoreError) -> SalvagedRun {
        var run = SalvagedRun()
        guard let file = try SalvagedFile(name, in: directory) else {
            report.dropped.append(Damage(name, at: 0, "it is missing"))
            return run
        }
        var lines = file.lines(limit: RunLine.maximumLength)
        while let line = try lines.next() { run.take(line, name, salt, &report) }
        return run
    }

    private mutating func take(
        _ line: LineReader.Line, _ name: String, _ salt: SipHash, _ report: inout SalvageReport
    ) {
        if let entry = SalvagedRun.entry(line.bytes, at: line.offset, salt) {
            newest = max(newest, entry.version)
            return
        }
        let isFence = line.bytes.withUnsafeBytes { bytes in
            guard case .fence? = RunLine(bytes, at: nil, salt)?.content else { return false }
            return true
        }
        // Only the search needs fences; the copy gets its own.
        if isFence { return }
        let found = SalvagedFile.pieces(of: line.bytes).compactMap { piece in
            SalvagedRun.entry(piece, at: nil, salt)
        }
        for entry in found { newest = max(newest, entry.version) }
        misplaced += found
        if SalvagedRun.entry(line.bytes, at: nil, salt) == nil {
            report.dropped.append(
                Damage(
                    name, at: line.offset, record: line.number, "the line is not what was written"))
        }
    }

    /// The valid record or tombstone that a line is; without an offset it may
    /// stand anywhere.
    static func entry(_ line: [UInt8], at offset: Int?, _ salt: SipHash) -> Entry? {
        line.withUnsafeBytes { bytes in
            RunLine(bytes, at: offset, salt).flatMap { Entry($0, in: bytes) }
        }
    }
}

/// Walks over what is valid and in its place in a run's file.
struct SalvagedRunCursor: EntryCursor {
    private var lines: LineReader?
    private let salt: SipHash

    init(_ name: String, _ directory: StoreDirectory, _ salt: SipHash) throws(StoreError) {
        self.salt = salt
        lines = try SalvagedFile(name, in: directory)?.lines(limit: RunLine.maximumLength)
    }

    mutating func next() throws(StoreError) -> Entry? {
        while let line = try lines?.next() {
            if let entry = SalvagedRun.entry(line.bytes, at: line.offset, salt) { return entry }
        }
        return nil
    }
}
