// SPDX-License-Identifier: Apache-2.0

/// The first line of a generation. It is the store's manifest: one rename
/// changes what it names, all at once.
struct GenerationHeader: Hashable, Sendable {
    /// The format this Berth writes, and the newest it reads.
    static var version: UInt64 { 1 }

    /// Counts the generations of the store from 1.
    var generation: UInt64
    /// The number of the last transaction before this generation.
    var number: UInt64
    /// The hash of the last line before this generation.
    var previous: UInt64
    /// Made once, with the store: tells it from every other.
    var storeID: UInt128
    /// The key of every hash in the store.
    var salt: SipHash
    /// The run of the machine in which this generation was begun.
    var bootID: String
    var durability: Durability
    var time: Int64
    /// From the oldest to the newest.
    var runs: [RunReference]
    /// The number that the next run gets; none is used twice.
    var nextRun: UInt64

    /// The line's own hash: tells this generation from any other of its number.
    private(set) var hash: UInt64 = 0
    /// How long the line is, newline included.
    private(set) var length = 0

    /// What may be wrong with the first line of a journal.
    enum Problem: Error, Hashable, Sendable {
        case invalid
        case newerVersion
    }

    init(
        generation: UInt64, number: UInt64, previous: UInt64, storeID: UInt128, salt: SipHash,
        bootID: String, durability: Durability, time: Int64, runs: [RunReference], nextRun: UInt64
    ) {
        self.generation = generation
        self.number = number
        self.previous = previous
        self.storeID = storeID
        self.salt = salt
        self.bootID = bootID
        self.durability = durability
        self.time = time
        self.runs = runs
        self.nextRun = nextRun
    }

    /// The line as it is written; takes note of its hash and length.
    mutating func encode() -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(512 + runs.count * 256)
        JournalLine.begin(
            &line, generation: generation, number: number, previous: previous, flushed: 0,
            kind: "gen")
        line.append(",\"v\":")
        line.append(decimal: Self.version)
        line.append(",\"min_writer\":")
        line.append(decimal: Self.version)
        line.append(",\"id\":\"")
        line.append(hexadecimal: UInt64(truncatingIfNeeded: storeID >> 64))
        line.append(hexadecimal: UInt64(truncatingIfNeeded: storeID))
        line.append("\",\"salt\":\"")
        line.append(hexadecimal: salt.k0)
        line.append(hexadecimal: salt.k1)
        line.append("\",\"boot\":\"")
        line.append(contentsOf: bootID.utf8)
        line.append("\",\"durability\":\"")
        line.append(contentsOf: durability.rawValue.utf8)
        line.append("\",\"at\":")
        line.append(decimal: time)
        line.append(",\"next_run\":")
        line.append(decimal: nextRun)
        line.append(",\"runs\":[")
        for (index, run) in runs.enumerated() {
            if index > 0 { line.append(",") }
            run.encode(into: &line)
        }
        line.append("]")
        hash = Frame.end(&line, salt)
        length = line.count
        return line
    }

    /// Reads a header, without its newline; the salt that verifies it is its own.
    init(_ line: UnsafeRawBufferPointer) throws(Problem) {
        guard let fields = JSONFields(Array(line)), let salt = Self.salt(in: fields),
            let frame = JournalLine(line, salt), frame.kind == .header
        else { throw .invalid }
        guard let version = fields.integer("v", as: UInt64.self), version <= Self.version,
            let writer = fields.integer("min_writer", as: UInt64.self), writer <= Self.version
        else { throw .newerVersion }
        guard let id = fields.string("id"), let storeID = UInt128(id, radix: 16),
            let bootID = fields.string("boot"),
            let durability = fields.string("durability").flatMap(Durability.init(rawValue:)),
            let time = fields.integer("at", as: Int64.self),
            let nextRun = fields.integer("next_run", as: UInt64.self),
            let entries = fields.array("runs")
        else { throw .invalid }
        self.init(
            generation: frame.generation, number: frame.number, previous: frame.previous,
            storeID: storeID, salt: salt, bootID: bootID, durability: durability, time: time,
            runs: [], nextRun: nextRun)
        for entry in entries {
            guard let run = JSONFields(Array(entry)).flatMap(RunReference.init) else {
                throw .invalid
            }
            runs.append(run)
        }
        hash = frame.hash
        length = line.count + 1
    }

    private static func salt(in fields: JSONFields) -> SipHash? {
        guard let text = fields.string("salt"), text.utf8.count == 32,
            let both = UInt128(text, radix: 16)
        else { return nil }
        return SipHash(
            k0: UInt64(truncatingIfNeeded: both >> 64), k1: UInt64(truncatingIfNeeded: both))
    }
}

/// How a header names a run.
struct RunReference: Hashable, Sendable {
    var number: UInt64
    /// The size of the file.
    var bytes: Int
    /// How many records it holds, tombstones included.
    var records: Int
    /// Where its records end and its fences begin.
    var fences: Int
    /// The hash of the bytes of the fences.
    var fencesHash: UInt64
    var first: String
    var last: String

    /// The name of the file in the store's directory.
    var name: String { Self.name(number) }

    static func name(_ number: UInt64) -> String { "run-" + String(number) + ".jsonl" }

    init(
        number: UInt64, bytes: Int, records: Int, fences: Int, fencesHash: UInt64, first: String,
        last: String
    ) {
        self.number = number
        self.bytes = bytes
        self.records = records
        self.fences = fences
        self.fencesHash = fencesHash
        self.first = first
        self.last = last
    }

    init?(_ fields: JSONFields) {
        guard let number = fields.integer("run", as: UInt64.self),
            let bytes = fields.integer("bytes", as: Int.self),
            let records = fields.integer("records", as: Int.self),
            let fences = fields.integer("fences", as: Int.self),
            let digits = fields.string("fences_hash"), let hash = UInt64(digits, radix: 16),
            let first = fields.string("first"), let last = fields.string("last"),
            fences >= 0, fences <= bytes
        else { return nil }
        self.init(
            number: number, bytes: bytes, records: records, fences: fences, fencesHash: hash,
            first: first, last: last)
    }

    func encode(into line: inout [UInt8]) {
        line.append("{\"run\":")
        line.append(decimal: number)
        line.append(",\"bytes\":")
        line.append(decimal: bytes)
        line.append(",\"records\":")
        line.append(decimal: records)
        line.append(",\"fences\":")
        line.append(decimal: fences)
        line.append(",\"fences_hash\":")
        line.append(quotedHexadecimal: fencesHash)
        // Keys need no escape: RecordKey admits no character that would.
        line.append(",\"first\":\"")
        line.append(contentsOf: first.utf8)
        line.append("\",\"last\":\"")
        line.append(contentsOf: last.utf8)
        line.append("\"}")
    }
}
