// SPDX-License-Identifier: Apache-2.0

/// Walks over entries in the order of their keys, one for each key.
protocol EntryCursor {
    mutating func next() throws(StoreError) -> Entry?
}

/// Walks over several sources as one: of equal keys the newest source's counts.
struct MergedCursor: EntryCursor {
    private var sources: [any EntryCursor]
    /// The entry that each source stands at.
    private var heads: [Entry?] = []

    /// Begins at the first entry of each source, from the newest to the oldest.
    init(_ sources: [any EntryCursor]) throws(StoreError) {
        self.sources = sources
        for index in sources.indices { heads.append(try self.sources[index].next()) }
    }

    /// - Complexity: O(k) in the number of sources, of which there are few.
    mutating func next() throws(StoreError) -> Entry? {
        var least: Entry?
        for head in heads {
            guard let head else { continue }
            guard let current = least else {
                least = head
                continue
            }
            if head.key.lexicographicallyPrecedes(current.key) { least = head }
        }
        guard let least else { return nil }
        for index in sources.indices where heads[index]?.key == least.key {
            heads[index] = try sources[index].next()
        }
        return least
    }
}

/// Walks over the keys of a tail.
struct TailCursor: EntryCursor {
    private let tail: Tail
    private var index: Int

    init(_ tail: Tail, from key: UnsafeRawBufferPointer) {
        self.tail = tail
        index = tail.index(of: key)
    }

    mutating func next() -> Entry? {
        guard index < tail.count else { return nil }
        defer { index += 1 }
        return tail.entry(at: index)
    }
}
