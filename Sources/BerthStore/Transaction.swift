// SPDX-License-Identifier: Apache-2.0

/// What a body of ``Store/write(_:until:cancellation:isEssential:_:)`` sees and changes.
///
/// It reads the state that no other process can change meanwhile, with its
/// own changes in it. Nothing of it is written before the body has returned.
package struct Transaction {
    private let base: Snapshot
    /// In the order of the keys, one for each.
    private(set) var changes: [Change] = []

    /// One that is not part of a write comes to nothing: it shows what a write
    /// would change.
    package init(_ base: Snapshot) {
        self.base = base
    }

    /// The version that every record written by this transaction carries.
    package var version: UInt64 { base.version + 1 }

    /// The record of a key; nil where there is none.
    package func record(_ key: RecordKey) throws(StoreError) -> Record? {
        let index = index(of: key)
        if index < changes.count, changes[index].key == key {
            return changes[index].value.map { Record(key: key, value: $0, version: version) }
        }
        return try base.record(key)
    }

    /// Reports the records whose keys begin with a prefix, in the order of
    /// their keys, until the body returns false. The body sees the state at
    /// the beginning of the scan.
    package func forEach(
        prefix: String, from start: RecordKey? = nil, _ body: (Record) throws -> Bool
    ) throws {
        let first = Snapshot.first(prefix, start)
        let own = ChangeCursor(changes, version: version, from: first)
        var cursor = try MergedCursor([own] + base.cursors(from: first))
        try Snapshot.report(&cursor, prefix: prefix, body)
    }

    /// Writes a record: JSON on one line, as ``JSONWriter`` and
    /// ``JSONText/compact(_:)`` make it, of at most 64 KiB. A larger value
    /// throws `invalid`.
    package mutating func set(_ key: RecordKey, _ value: [UInt8]) throws(StoreError) {
        guard value.count <= StoreLimits.maximumValue else {
            throw StoreError(
                .invalid,
                "the value of " + key.text + " has " + String(value.count)
                    + " bytes; at most 65536 are allowed")
        }
        precondition(
            !value.isEmpty && value.withUnsafeBytes { $0.firstNewline(from: 0) } == nil,
            "a value is JSON on one line")
        change(key, value)
    }

    /// Removes a record, if there is one.
    package mutating func delete(_ key: RecordKey) {
        change(key, nil)
    }

    /// Makes room for so many records that are about to be written.
    package mutating func reserveCapacity(_ count: Int) {
        changes.reserveCapacity(changes.count + count)
    }

    private mutating func change(_ key: RecordKey, _ value: [UInt8]?) {
        let index = index(of: key)
        if index < changes.count, changes[index].key == key {
            changes[index].value = value
        } else {
            changes.insert(Change(key: key, value: value), at: index)
        }
    }

    /// The index of the first change whose key is not less.
    private func index(of key: RecordKey) -> Int {
        // Bulk writes come in the order of their keys.
        guard let last = changes.last, !(last.key < key) else { return changes.count }
        return changes.partitionPoint { !($0.key < key) }
    }
}

/// Walks over the changes of a transaction.
private struct ChangeCursor: EntryCursor {
    private let changes: [Change]
    private let version: UInt64
    private var index: Int

    init(_ changes: [Change], version: UInt64, from first: [UInt8]) {
        self.changes = changes
        self.version = version
        index = changes.partitionPoint { !$0.key.text.utf8.lexicographicallyPrecedes(first) }
    }

    mutating func next() -> Entry? {
        guard index < changes.count else { return nil }
        defer { index += 1 }
        let change = changes[index]
        return Entry(key: Array(change.key.text.utf8), value: change.value, version: version)
    }
}
