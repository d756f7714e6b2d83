// SPDX-License-Identifier: Apache-2.0

/// Entries from anywhere and in any order: of each key the newest.
struct NewestEntries {
    private var entries: [[UInt8]: Entry] = [:]

    mutating func take(_ entry: Entry) {
        if let known = entries[entry.key], known.version >= entry.version { return }
        entries[entry.key] = entry
    }

    var cursor: ArrayCursor {
        ArrayCursor(entries.values.sorted { $0.key.lexicographicallyPrecedes($1.key) })
    }
}

/// Walks over entries in memory, which are in the order of their keys.
struct ArrayCursor: EntryCursor {
    private var rest: ArraySlice<Entry>

    init(_ entries: [Entry]) {
        rest = entries[...]
    }

    mutating func next() -> Entry? { rest.popFirst() }
}
