// SPDX-License-Identifier: Apache-2.0

/// A line of a dump: `{"key":"KEY","version":VERSION,"value":VALUE}`.
package enum DumpLine {
    /// White space and escapes may make a line longer than what it stands for.
    static var maximumLength: Int { 1024 * 1024 }

    /// Far below where a store's numbers end: it must be able to go on.
    static var greatestVersion: UInt64 { StoreLimits.maximumNumber / 2 }

    /// The line of a record, without a newline.
    package static func encode(_ record: Record) -> [UInt8] {
        var writer = JSONWriter(capacity: record.value.count + record.key.text.utf8.count + 64)
        writer.beginObject()
        writer.member("key", record.key.text)
        writer.member("version", record.version)
        writer.member("value", json: record.value)
        writer.endObject()
        return writer.bytes
    }

    /// Why a line is not accepted.
    struct Problem: Error {
        let reason: String
    }

    /// Reads a line, without its newline.
    static func decode(_ line: [UInt8]) throws(Problem) -> Record {
        let json: [UInt8]
        do throws(JSONText.Problem) {
            json = try JSONText.compact(line, deeperBy: 1)
        } catch {
            throw Problem(reason: error.reason + ", at byte " + String(error.offset))
        }
        guard let fields = JSONFields(json), fields.names.sorted() == ["key", "value", "version"],
            let value = fields.json("value")
        else { throw Problem(reason: "it is not an object of key, version and value alone") }
        guard let key = fields.string("key").flatMap(RecordKey.init(validating:)) else {
            throw Problem(reason: "the key is not 1 to 512 bytes of printable ASCII")
        }
        guard let version = fields.integer("version", as: UInt64.self), version > 0,
            version <= greatestVersion
        else {
            throw Problem(
                reason: "the version is no number from 1 to " + String(greatestVersion))
        }
        guard value.count <= StoreLimits.maximumValue else {
            throw Problem(
                reason: "the value has " + String(value.count)
                    + " bytes; at most 65536 are allowed")
        }
        return Record(key: key, value: Array(value), version: version)
    }
}

/// Walks over the records of a dump, and refuses what none has.
struct DumpCursor: EntryCursor {
    private var lines: LineReader
    private var last: RecordKey?

    /// `read` returns the next bytes of the dump, none at its end.
    init(_ read: @escaping (_ atMost: Int) throws(StoreError) -> [UInt8]) {
        lines = LineReader(limit: DumpLine.maximumLength) { _, count throws(StoreError) in
            try read(count)
        }
    }

    mutating func next() throws(StoreError) -> Entry? {
        guard let line = try lines.next() else { return nil }
        // The last line need not end in a newline.
        if line.bytes.count == DumpLine.maximumLength, !line.isWhole {
            throw refusal(line, "it is too long")
        }
        let record: Record
        do throws(DumpLine.Problem) {
            record = try DumpLine.decode(line.bytes)
        } catch {
            throw refusal(line, error.reason)
        }
        if let last, !(last < record.key) {
            throw refusal(
                line,
                last == record.key
                    ? "the same key as in the line before"
                    : "its key comes before that of the line before; a dump is sorted by key")
        }
        last = record.key
        return Entry(
            key: Array(record.key.text.utf8), value: record.value, version: record.version)
    }

    private func refusal(_ line: LineReader.Line, _ reason: String) -> StoreError {
        StoreError(
            .invalid,
            "line " + String(line.number) + " of the dump is refused: " + reason
                + "; nothing was restored")
    }
}
