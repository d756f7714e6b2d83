// SPDX-License-Identifier: Apache-2.0

/// Walks over several sources as one: of equal keys one entry counts.
struct MergedCursor: EntryCursor {
    /// Which of the entries of one key counts.
    enum Precedence {
        /// That of the first source that has one.
        case firstSource
        /// That of the greatest version: where no source is known to be newer
        /// than another.
        case greatestVersion
    }

    private var sources: [any EntryCursor]
    private let precedence: Precedence
    /// The entry that each source stands at.
    private var heads: [Entry?] = []

    /// Begins at the first entry of each source.
    init(
        _ sources: [any EntryCursor], taking precedence: Precedence = .firstSource
    ) throws(StoreError) {
        self.sources = sources
        self.precedence = precedence
        for index in sources.indices { heads.append(try self.sources[index].next()) }
    }

    /// - Complexity: O(k) in the number of sources, of which there are few.
    mutating func next() throws(StoreError) -> Entry? {
        var best: Entry?
        for case let head? in heads {
            if let known = best, !head.comes(before: known, precedence) { continue }
            best = head
        }
        guard let best else { return nil }
        for index in sources.indices where heads[index]?.key == best.key {
            heads[index] = try sources[index].next()
        }
        return best
    }
}

extension Entry {
    /// Whether its key is less than that of an entry of an earlier source, or
    /// it is the same and this one counts.
    fileprivate func comes(
        before other: Entry, _ precedence: MergedCursor.Precedence
    ) -> Bool {
        let order = key.withUnsafeBytes { key in other.key.withUnsafeBytes { key.compare($0) } }
        if order != 0 { return order < 0 }
        return precedence == .greatestVersion && version > other.version
    }
}
