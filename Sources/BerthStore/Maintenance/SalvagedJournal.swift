// SPDX-License-Identifier: Apache-2.0

/// What is valid in a journal, each line by itself.
struct SalvagedJournal {
    let salt: SipHash
    /// Nil where the header is lost.
    private(set) var header: GenerationHeader?
    private(set) var entries = NewestEntries()
    /// The greatest number of a transaction that was seen.
    private(set) var newest: UInt64 = 0

    private init(_ salt: SipHash) {
        self.salt = salt
    }

    static func read(
        _ directory: StoreDirectory, _ report: inout SalvageReport
    ) throws(StoreError) -> SalvagedJournal {
        let names = try directory.entries()
        let isStore = names.contains { name in
            name == StoreDirectory.journalName || name.hasPrefix(StoreDirectory.runPrefix)
        }
        if !isStore { throw .noStore(directory.path) }
        guard let salt = try SaltSearch(directory).salt() else {
            throw .damaged(
                directory.path, StoreDirectory.journalName, at: 0,
                "no header tells the salt, without which no line can be verified")
        }
        var journal = SalvagedJournal(salt)
        if let file = try SalvagedFile(StoreDirectory.journalName, in: directory) {
            try journal.read(file, directory, &report)
        } else {
            report.dropped.append(Damage(StoreDirectory.journalName, at: 0, "it is missing"))
        }
        return journal
    }

    private mutating func read(
        _ file: SalvagedFile, _ directory: StoreDirectory, _ report: inout SalvageReport
    ) throws(StoreError) {
        var lines = file.lines(limit: StoreLimits.maximumTransaction)
        while let line = try lines.next() {
            if line.bytes.isEmpty { continue }
            if try take(line.bytes, directory) { continue }
            report.dropped.append(
                Damage(
                    StoreDirectory.journalName, at: line.offset, record: line.number,
                    "the line is not what was written"))
            for piece in SalvagedFile.pieces(of: line.bytes) { _ = try take(piece, directory) }
        }
    }

    /// Takes a line in; returns false where it is not valid.
    private mutating func take(
        _ line: [UInt8], _ directory: StoreDirectory
    ) throws(StoreError) -> Bool {
        let result = line.withUnsafeBytes { bytes in
            Result { () throws(StoreError) in try takeBytes(bytes, directory) }
        }
        return try result.get()
    }

    private mutating func takeBytes(
        _ line: UnsafeRawBufferPointer, _ directory: StoreDirectory
    ) throws(StoreError) -> Bool {
        guard let frame = JournalLine(line, salt) else { return false }
        newest = max(newest, frame.number)
        switch frame.kind {
        case .header:
            do throws(GenerationHeader.Problem) {
                header = try GenerationHeader(line)
            } catch {
                throw Generation.newerVersion(directory)
            }
        case .seal:
            break
        case .unknown:
            throw Generation.newerVersion(directory)
        case .transaction:
            var found: [Entry] = []
            let isUnderstood = TransactionLine.forEachChange(in: line, body: frame.body) {
                key, value in
                found.append(
                    Entry(
                        key: Array(line[key]), value: value.map { Array(line[$0]) },
                        version: frame.number))
            }
            guard isUnderstood else { throw Generation.newerVersion(directory) }
            for entry in found { entries.take(entry) }
        }
        return true
    }

    /// The runs that the header names; without one, all that are there.
    func runNames(
        _ directory: StoreDirectory, _ report: inout SalvageReport
    ) throws(StoreError) -> [String] {
        if let header {
            return header.runs.map(\.name)
        }
        let names = try directory.entries().filter { $0.hasPrefix(StoreDirectory.runPrefix) }
        report.notes.append(
            "the header that names the runs is lost: all of them were read, and records that "
                + "were deleted may be back")
        return names.sorted()
    }
}
