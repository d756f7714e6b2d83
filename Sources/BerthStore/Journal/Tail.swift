// SPDX-License-Identifier: Apache-2.0

/// The verified lines of a generation, as they stand in the file, and the
/// latest change of each key in them.
///
/// A value: a snapshot keeps its own while the journal grows.
struct Tail: Sendable {
    /// Its bytes are the file from its first byte to the end of its last valid
    /// line; its entries are the latest changes.
    private(set) var table = EntryTable()
    /// The changes of the line that is being taken in; kept for its memory.
    private var found: [EntryTable.Place] = []

    /// More memory than this is not asked for before it is needed.
    private static var maximumRoom: Int { 1024 * 1024 }

    /// The file from its first byte to the end of its last valid line.
    var bytes: [UInt8] { table.bytes }

    /// How many bytes that are.
    var end: Int { table.bytes.count }

    /// How many keys it holds.
    var count: Int { table.count }

    /// One of no lines.
    init() {}

    /// One of the header's line alone, with memory for so many bytes.
    init(header line: UnsafeRawBufferPointer, room: Int) {
        table.reserveCapacity(bytes: min(room, Self.maximumRoom))
        table.append(line)
    }

    /// Takes in a verified transaction, or a seal, with its newline; returns
    /// false where its body is not understood, and then changes nothing.
    mutating func append(_ line: UnsafeRawBufferPointer, _ frame: JournalLine) -> Bool {
        let start = end
        found.removeAll(keepingCapacity: true)
        if frame.kind == .transaction {
            let inner = UnsafeRawBufferPointer(rebasing: line.dropLast())
            let isUnderstood = TransactionLine.forEachChange(in: inner, body: frame.body) {
                key, value in
                found.append(EntryTable.Place(key, value, of: frame.number, from: start))
            }
            guard isUnderstood else { return false }
        }
        table.append(line)
        table.insert(&found)
        return true
    }

    /// Takes in a transaction whose places are known, with its newline.
    mutating func append(
        _ line: UnsafeRawBufferPointer, number: UInt64, _ places: [TransactionLine.Place]
    ) {
        let start = end
        found.removeAll(keepingCapacity: true)
        for place in places {
            found.append(EntryTable.Place(place.key, place.value, of: number, from: start))
        }
        table.append(line)
        table.insert(&found)
    }

    /// The latest change of a key; nil where the generation has none.
    func find(_ key: UnsafeRawBufferPointer) -> Entry.State? { table.find(key) }

    /// A cursor over the latest changes of the keys from one on.
    func cursor(from key: UnsafeRawBufferPointer) -> TableCursor {
        TableCursor(table, from: table.index(of: key))
    }
}
