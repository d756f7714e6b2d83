// SPDX-License-Identifier: Apache-2.0

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
        var first: Int?
        for index in heads.indices {
            guard let head = heads[index] else { continue }
            if let known = first, let least = heads[known], !head.precedes(least) { continue }
            first = index
        }
        guard let first, let least = heads[first] else { return nil }
        // Older sources may have the same key.
        for index in first..<heads.count where heads[index]?.key == least.key {
            heads[index] = try sources[index].next()
        }
        return least
    }
}
