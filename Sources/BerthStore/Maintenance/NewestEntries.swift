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

/// Walks over several sources as one, of which none is known to be newer than
/// another: of equal keys the greatest version counts.
struct NewestCursor: EntryCursor {
    private var sources: [any EntryCursor]
    private var heads: [Entry?] = []

    init(_ sources: [any EntryCursor]) throws(StoreError) {
        self.sources = sources
        for index in sources.indices { heads.append(try self.sources[index].next()) }
    }

    mutating func next() throws(StoreError) -> Entry? {
        var best: Entry?
        for case let head? in heads {
            guard let known = best else {
                best = head
                continue
            }
            if head.key == known.key
                ? head.version > known.version
                : head.key.lexicographicallyPrecedes(known.key)
            {
                best = head
            }
        }
        guard let best else { return nil }
        for index in sources.indices where heads[index]?.key == best.key {
            heads[index] = try sources[index].next()
        }
        return best
    }
}
