// SPDX-License-Identifier: Apache-2.0

/// One consistent state of the store's records.
///
/// It keeps what it needs: later changes neither show in it nor disturb it.
package struct Snapshot: Sendable {
    private let tail: Tail
    /// What was changed just before, from the newest to the oldest. It is in
    /// the runs as well.
    private let pastTails: [Tail]
    /// From the newest to the oldest.
    private let runs: [Run]
    /// The number of the last transaction in it.
    package let version: UInt64

    init(tail: Tail, pastTails: [Tail] = [], runs: [Run], version: UInt64) {
        self.tail = tail
        self.pastTails = pastTails
        self.runs = runs
        self.version = version
    }

    /// The state of a store that was never written to.
    static var empty: Snapshot { Snapshot(tail: Tail(), runs: [], version: 0) }

    /// How many entries its sources have: at least as many as it has records.
    var entryCount: Int { runs.reduce(tail.count) { $0 + $1.reference.records } }

    /// The record of a key; nil where there is none.
    ///
    /// - Complexity: O(log n) reads in the number of records.
    package func record(_ key: RecordKey) throws(StoreError) -> Record? {
        var text = key.text
        let result = text.withUTF8 { text in
            Result { () throws(StoreError) in try find(UnsafeRawBufferPointer(text)) }
        }
        guard let entry = try result.get(), let value = entry.value else { return nil }
        return Record(key: key, value: value, version: entry.version)
    }

    private func find(_ key: UnsafeRawBufferPointer) throws(StoreError) -> Entry.State? {
        if let entry = tail.find(key) { return entry }
        for tail in pastTails {
            if let entry = tail.find(key) { return entry }
        }
        for run in runs {
            if let entry = try run.find(key) { return entry }
        }
        return nil
    }

    /// Reports the records whose keys begin with a prefix, in the order of
    /// their keys, from the key `start` on if that is later, until the body
    /// returns false: O(k + log n) reads for k records of n.
    package func forEach(
        prefix: String, from start: RecordKey? = nil, _ body: (Record) throws -> Bool
    ) throws {
        var cursor = try MergedCursor(cursors(from: Self.first(prefix, start)))
        try Self.report(&cursor, prefix: prefix, body)
    }

    /// The first key that a scan looks at.
    static func first(_ prefix: String, _ start: RecordKey?) -> [UInt8] {
        let prefix = Array(prefix.utf8)
        guard let start = start.map({ Array($0.text.utf8) }) else { return prefix }
        return prefix.lexicographicallyPrecedes(start) ? start : prefix
    }

    /// The sources of all records from a key on, from the newest to the oldest.
    func cursors(from key: [UInt8]) throws(StoreError) -> [any EntryCursor] {
        let result = key.withUnsafeBytes { key in
            Result { () throws(StoreError) in
                var cursors: [any EntryCursor] = [tail.cursor(from: key)]
                for run in runs { cursors.append(try run.cursor(from: key)) }
                return cursors
            }
        }
        return try result.get()
    }

    static func report(
        _ cursor: inout MergedCursor, prefix: String, _ body: (Record) throws -> Bool
    ) throws {
        while let entry = try cursor.next() {
            guard entry.key.starts(with: prefix.utf8) else { return }
            guard let value = entry.value else { continue }
            let key = RecordKey(String(decoding: entry.key, as: UTF8.self))
            if try !body(Record(key: key, value: value, version: entry.version)) { return }
        }
    }
}
