// SPDX-License-Identifier: Apache-2.0

/// An open generation of the journal: its header, the runs that it names, and
/// its lines as far as they were read and verified.
///
/// Not `Sendable`: the engine touches it under its own lock.
final class Generation {
    let header: GenerationHeader
    /// From the oldest to the newest.
    let runs: [Run]
    /// The same for those who look for the newest first.
    fileprivate let newestRunsFirst: [Run]
    /// What the generations just before this one changed, from the newest to
    /// the oldest: it is in the runs, but these need not be searched for it.
    fileprivate let pastTails: [Tail]
    let identity: FileIdentity
    /// Whether this description can be written to.
    let isWritable: Bool
    private(set) var tail: Tail
    /// The hash of the last line, or of the header.
    private(set) var lastHash: UInt64
    /// The number of the last transaction.
    private(set) var lastNumber: UInt64
    private(set) var isSealed = false
    /// Whether nothing but filling followed when the lines were last read to
    /// their end.
    private(set) var isClean = true

    /// Where the lines ended when this description was first read to the end.
    /// A flush of it says nothing about bytes below: their loss may have been
    /// told to somebody else before.
    private(set) var vouchFloor: Int?
    /// Below this offset all bytes were proven to be flushed.
    var flushed: Int
    /// Whether a flush has failed: no later one of this description proves anything.
    var isDoubtful = false
    /// The end at which the hint was last found, or made, to agree.
    var settledEnd: Int?
    /// The file is at least this long.
    private var room: Int
    /// Whether this process had the generation before this one open, and so
    /// has seen this one begin.
    let isFollowed: Bool

    private let directory: StoreDirectory
    private let file: FileDescriptor
    /// What was read of the file last, and what is written to it next; kept
    /// for their memory.
    private let buffer: ReadBuffer
    private var line: [UInt8] = []
    private var places: [TransactionLine.Place] = []

    /// Where the valid lines end, as far as they were read.
    var end: Int { tail.end }

    init(
        _ directory: StoreDirectory, _ file: OpenFile, isWritable: Bool,
        _ header: GenerationHeader, _ runs: [Run], headerLine: UnsafeRawBufferPointer,
        _ heritage: Heritage? = nil
    ) {
        self.directory = directory
        self.isWritable = isWritable
        self.file = file.descriptor
        self.header = header
        self.runs = runs
        newestRunsFirst = runs.reversed()
        pastTails = heritage?.tails(before: header) ?? []
        buffer = heritage?.buffer ?? ReadBuffer()
        isFollowed = heritage != nil
        identity = file.status.identity
        room = file.status.size
        lastHash = header.hash
        lastNumber = header.number
        flushed = header.length
        tail = Tail(header: headerLine, room: file.status.size)
    }

    deinit {
        directory.storage.close(file)
    }

    // MARK: Opening

    /// Opens the generation that the name `journal` stands for; nil where
    /// there is none. What is known of an earlier one is not read again.
    static func open(
        _ directory: StoreDirectory, forWriting: Bool, _ heritage: Heritage? = nil
    ) throws(StoreError) -> Generation? {
        var refused: GenerationHeader?
        while true {
            guard
                let (file, isWritable) = try directory.open(
                    StoreDirectory.journalName, forWriting: forWriting)
            else { return nil }
            do throws(StoreError) {
                let (header, line) = try readHeader(directory, file)
                if let runs = try openRuns(of: header, directory, heritage) {
                    return line.withUnsafeBytes {
                        Generation(
                            directory, file, isWritable: isWritable, header, runs, headerLine: $0,
                            heritage)
                    }
                }
                // A run is gone: the generation has moved on. Where it has
                // not, the run is missing.
                if header == refused {
                    throw StoreError.damaged(
                        directory.path, StoreDirectory.journalName, "a run that it names is missing"
                    )
                }
                refused = header
            } catch {
                directory.storage.close(file.descriptor)
                throw error
            }
            directory.storage.close(file.descriptor)
        }
    }

    static func readHeader(
        _ directory: StoreDirectory, _ file: OpenFile
    ) throws(StoreError) -> (GenerationHeader, [UInt8]) {
        var count = 8192
        while true {
            let bytes = try read(directory, file.descriptor, at: 0, count: count)
            let newline = bytes.withUnsafeBytes { $0.firstNewline(from: 0) }
            guard let newline else {
                if bytes.count < count || count > StoreLimits.maximumTransaction {
                    throw StoreError.damaged(
                        directory.path, StoreDirectory.journalName, at: 0, "it has no header")
                }
                count *= 4
                continue
            }
            let result = bytes.withUnsafeBytes { bytes in
                Result { () throws(GenerationHeader.Problem) in
                    try GenerationHeader(UnsafeRawBufferPointer(rebasing: bytes[..<newline]))
                }
            }
            switch result {
            case .success(let header): return (header, Array(bytes[...newline]))
            case .failure(.newerVersion): throw newerVersion(directory)
            case .failure(.invalid):
                throw StoreError.damaged(
                    directory.path, StoreDirectory.journalName, at: 0,
                    "its header is not what was written")
            }
        }
    }

    static func newerVersion(_ directory: StoreDirectory) -> StoreError {
        StoreError(
            .newerVersion,
            "the store " + directory.path + " was written by a newer berth; install that one")
    }

    /// Opens every run; nil where one of them is gone.
    private static func openRuns(
        of header: GenerationHeader, _ directory: StoreDirectory, _ heritage: Heritage?
    ) throws(StoreError) -> [Run]? {
        var runs: [Run] = []
        for reference in header.runs {
            if let run = heritage?.run(reference, of: header) {
                runs.append(run)
                continue
            }
            guard let file = try directory.open(reference.name, .reading) else { return nil }
            runs.append(
                Run(
                    reference, file: file.descriptor, storage: directory.storage,
                    key: header.salt, storePath: directory.path))
            if file.status.size != reference.bytes {
                throw .damaged(
                    directory.path, reference.name, at: file.status.size,
                    "it should have " + String(reference.bytes) + " bytes")
            }
        }
        return runs
    }

    private static func read(
        _ directory: StoreDirectory, _ file: FileDescriptor, at offset: Int, count: Int
    ) throws(StoreError) -> [UInt8] {
        do throws(SystemError) {
            return try directory.storage.readAll(file, at: offset, count: count)
        } catch {
            throw .system("cannot read " + directory.path + "/journal", error)
        }
    }

    /// Whether another file has the name by now.
    func isReplaced() throws(StoreError) -> Bool {
        do throws(SystemError) {
            return try directory.storage.links(of: file) == 0
        } catch {
            throw .system("cannot look at " + directory.path + "/journal", error)
        }
    }

    // MARK: Catching up

    /// Why reading came to an end.
    enum Stop: Hashable, Sendable {
        /// Nothing but filling follows, or the limit was reached.
        case end
        /// A seal: another generation is about to replace this one.
        case sealed
        /// Something follows that is not a valid line.
        case invalid
    }

    /// Reads and verifies what others have appended: O(n) in its bytes. Lines
    /// that end beyond the limit are left for later.
    func catchUp(limit: Int = .max) throws(StoreError) -> Stop {
        let stop = try readLines(limit: limit)
        isClean = stop != .invalid
        if limit == .max, vouchFloor == nil { vouchFloor = end }
        return stop
    }

    private func readLines(limit: Int) throws(StoreError) -> Stop {
        if isSealed { return .sealed }
        // The first look takes in a whole generation, a later one a few lines.
        var count = !isFollowed && end == header.length ? 32 * 1024 : 4096
        while true {
            let chunk = try readChunk(count)
            let before = end
            if let stop = try takeLines(chunk, limit: limit) { return stop }
            if chunk.count < count { return end - before == chunk.count ? .end : .invalid }
            if end == before {
                if count > 2 * StoreLimits.maximumTransaction { return .invalid }
                count *= 4
            } else {
                // Far behind: what follows is read in fewer pieces.
                count = max(count, 32 * 1024)
            }
        }
    }

    /// What the file holds beyond the lines that were read; valid until the
    /// next read.
    private func readChunk(_ count: Int) throws(StoreError) -> UnsafeRawBufferPointer {
        let memory = buffer.memory(count)
        do throws(SystemError) {
            let length = try directory.storage.readAll(file, into: memory, at: end)
            return UnsafeRawBufferPointer(rebasing: memory[..<length])
        } catch {
            throw .system("cannot read " + directory.path + "/journal", error)
        }
    }

    /// Takes in the lines at the beginning of a chunk; nil where the chunk
    /// ends before a reason to stop is seen.
    private func takeLines(
        _ chunk: UnsafeRawBufferPointer, limit: Int
    ) throws(StoreError) -> Stop? {
        var position = 0
        while position < chunk.count {
            if chunk[position] == Frame.fill { return .end }
            guard let newline = chunk.firstNewline(from: position) else { return nil }
            let line = UnsafeRawBufferPointer(rebasing: chunk[position..<newline])
            guard let frame = JournalLine(line, header.salt), follows(frame) else {
                return .invalid
            }
            if end + line.count + 1 > limit { return .end }
            switch frame.kind {
            case .header:
                return .invalid
            case .seal:
                isSealed = true
                return .sealed
            case .unknown:
                throw Self.newerVersion(directory)
            case .transaction:
                let whole = UnsafeRawBufferPointer(rebasing: chunk[position...newline])
                try take(whole, frame)
            }
            position = newline + 1
        }
        return nil
    }

    private func follows(_ frame: JournalLine) -> Bool {
        frame.generation == header.generation && frame.previous == lastHash
            && frame.number == lastNumber + (frame.kind == .seal ? 0 : 1)
    }

    private func take(
        _ line: UnsafeRawBufferPointer, _ frame: JournalLine
    ) throws(StoreError) {
        guard end + line.count <= EntryTable.maximumSize else {
            throw StoreError(.noRoom, "the journal of " + directory.path + " is too long to go on")
        }
        guard tail.append(line, frame) else { throw Self.newerVersion(directory) }
        lastHash = frame.hash
        lastNumber = frame.number
    }

    /// The greatest flushed offset that a valid line after the end speaks of:
    /// what lies below it was flushed once, whatever the file holds now.
    func flushedWitness() throws(StoreError) -> Int {
        var witness = header.length
        var offset = end
        var rest: [UInt8] = []
        while true {
            let chunk = try Self.read(directory, file, at: offset, count: 64 * 1024)
            if chunk.isEmpty { return witness }
            offset += chunk.count
            rest += chunk
            let used = rest.withUnsafeBytes { bytes -> Int in
                var position = 0
                while let newline = bytes.firstNewline(from: position) {
                    // A newline that was lost hides the line behind it in the one before.
                    for start in position..<newline where bytes[start] == UInt8(ascii: "{") {
                        let line = UnsafeRawBufferPointer(rebasing: bytes[start..<newline])
                        guard let frame = JournalLine(line, header.salt),
                            frame.generation == header.generation
                        else { continue }
                        witness = max(witness, frame.flushed)
                    }
                    position = newline + 1
                }
                return position
            }
            rest.removeFirst(used)
        }
    }

    /// Whether the lines that the next generation took over include the one
    /// with this hash; nil where the file does not tell any more.
    func leads(to next: GenerationHeader, by hash: UInt64) throws(StoreError) -> Bool? {
        let size = try directory.status(of: file, StoreDirectory.journalName).size
        let bytes = try Self.read(directory, file, at: 0, count: size)
        return bytes.withUnsafeBytes { bytes in
            var last = header.hash
            var isIncluded = last == hash
            var position = header.length
            while last != next.previous {
                guard let newline = bytes.firstNewline(from: position),
                    let frame = JournalLine(
                        UnsafeRawBufferPointer(rebasing: bytes[position..<newline]), header.salt),
                    frame.previous == last
                else { return nil }
                last = frame.hash
                isIncluded = isIncluded || last == hash
                position = newline + 1
            }
            return isIncluded
        }
    }

    // MARK: Appending, by the holder of the writers' lock

    /// Writes one transaction at the end of the lines. After an error the
    /// file is as it was, or ends in a torn line that the next writer cuts. An
    /// essential one may use the room that is kept for a full disk.
    func append(
        _ changes: [Change], _ origin: TransactionLine.Origin, isEssential: Bool,
        _ limits: StoreLimits
    ) throws(StoreError) {
        guard lastNumber < StoreLimits.maximumNumber,
            lastNumber - header.number < Self.maximumTransactions - 1
        else {
            throw StoreError(.noRoom, "the journal of " + directory.path + " is too long to go on")
        }
        JournalLine.begin(
            &line, generation: header.generation, number: lastNumber + 1, previous: lastHash,
            flushed: flushed, kind: "tx")
        places.removeAll(keepingCapacity: true)
        TransactionLine.append(changes, origin, to: &line, noting: &places)
        let hash = Frame.end(&line, header.salt)
        if line.count > StoreLimits.maximumTransaction {
            throw StoreError(.invalid, "a transaction may change at most 16 MiB")
        }
        guard end + line.count <= EntryTable.maximumSize else {
            throw StoreError(.noRoom, "the journal of " + directory.path + " is too long to go on")
        }
        do throws(SystemError) {
            try makeRoom(for: line.count, isEssential: isEssential, limits)
        } catch {
            throw .system("cannot write to the store " + directory.path, error)
        }
        do throws(SystemError) {
            try directory.storage.writeAll(file, line, at: end)
        } catch {
            // What this leaves, the next writer cuts.
            try? cutTorn()
            throw .system("cannot write to the store " + directory.path, error)
        }
        line.withUnsafeBytes { tail.append($0, number: lastNumber + 1, places) }
        lastHash = hash
        lastNumber += 1
        room = max(room, end)
    }

    /// Fills the file ahead of its lines, so that most flushes have no new
    /// size to commit, and so that a full disk leaves some room.
    private func makeRoom(
        for length: Int, isEssential: Bool, _ limits: StoreLimits
    ) throws(SystemError) {
        let needed = end + length
        if needed + limits.reserveBytes <= room { return }
        // Another process may have filled ahead already.
        let probe = needed + limits.reserveBytes - 1
        if try directory.storage.readAll(file, at: probe, count: 1).count == 1 {
            room = probe + 1
            return
        }
        do throws(SystemError) {
            let wanted = needed + limits.extensionBytes
            let filling = [UInt8](repeating: Frame.fill, count: wanted - end)
            try directory.storage.writeAll(file, filling, at: end)
            room = wanted
        } catch let error where error.errno.isNoRoom && isEssential {
            // What the reserve holds may do.
        }
    }

    /// Cuts what follows the last line. The caller holds the writers' lock.
    func cutTorn() throws(StoreError) {
        room = end
        do throws(SystemError) {
            try directory.storage.truncate(file, to: end)
        } catch {
            throw .system("cannot cut the torn end of " + directory.path + "/journal", error)
        }
    }

    /// Writes the seal: whoever has this generation open will look for the next.
    func seal() throws(StoreError) {
        JournalLine.begin(
            &line, generation: header.generation, number: lastNumber, previous: lastHash,
            flushed: flushed, kind: "seal")
        _ = Frame.end(&line, header.salt)
        do throws(SystemError) {
            try directory.storage.writeAll(file, line, at: end)
        } catch {
            // What this leaves, the next writer cuts.
            try? cutTorn()
            throw .system("cannot write to the store " + directory.path, error)
        }
        isSealed = true
    }

    /// Makes every byte that was written through this description durable, or fails.
    func flush() throws(SystemError) {
        try directory.storage.flush(file)
    }

    /// Everything in the file, whatever follows the last valid line included,
    /// but not the filling.
    func whatIsWritten() throws(StoreError) -> [UInt8] {
        if isClean { return tail.bytes }
        var bytes = try Self.read(directory, file, at: 0, count: max(room, end))
        while bytes.count > end, bytes.last == Frame.fill { bytes.removeLast() }
        return bytes
    }
}

extension Generation {
    /// The state that its lines and runs make.
    var snapshot: Snapshot {
        Snapshot(tail: tail, pastTails: pastTails, runs: newestRunsFirst, version: lastNumber)
    }

    /// What is known when this generation has ended.
    var heritage: Heritage {
        Heritage(
            header, lastHash: lastHash, lastNumber: lastNumber, runs: runs, tail: tail,
            pastTails: pastTails, buffer: buffer)
    }

    /// A generation has fewer transactions than this: after a crash of the
    /// machine, numbers that may have been lost are skipped by this much.
    static var maximumTransactions: UInt64 { 1 << 20 }
}
