// SPDX-License-Identifier: Apache-2.0

/// The files of one merge, named by the oldest and the newest run in it:
/// `merge-small-3-7.new`, what it writes, and `merge-small-3-7.done`, a line
/// that is written when that is durable and says what it is.
///
/// Without a valid line, the file is nothing: a merge that is under way, as
/// long as somebody holds the lock of its kind, or what a killed one has left.
struct MergeFiles: Hashable {
    let kind: MergeKind
    let oldest: UInt64
    let newest: UInt64

    var outputName: String { stem + ".new" }
    var manifestName: String { stem + ".done" }

    private var stem: String {
        StoreDirectory.mergePrefix + kind.rawValue + "-" + String(oldest) + "-" + String(newest)
    }

    init(_ kind: MergeKind, oldest: UInt64, newest: UInt64) {
        self.kind = kind
        self.oldest = oldest
        self.newest = newest
    }

    /// The merge that a file belongs to; nil where it belongs to none.
    private init?(name: String) {
        guard name.hasPrefix(StoreDirectory.mergePrefix) else { return nil }
        let bytes = name.utf8.dropFirst(StoreDirectory.mergePrefix.utf8.count)
        let words = bytes.split(separator: UInt8(ascii: "-"))
        guard words.count == 3, let kind = MergeKind(rawValue: String(Substring(words[0]))),
            let dot = words[2].firstIndex(of: UInt8(ascii: ".")),
            let oldest = UInt64(decimal: Array(words[1])[...]),
            let newest = UInt64(decimal: Array(words[2][..<dot])[...])
        else { return nil }
        self.init(kind, oldest: oldest, newest: newest)
        guard name == outputName || name == manifestName else { return nil }
    }

    /// The merges that the names in a directory tell of.
    static func all(in names: [String]) -> Set<MergeFiles> {
        Set(names.compactMap { MergeFiles(name: $0) })
    }

    /// Which runs take part, if the oldest and the newest are still named.
    func place(in runs: [RunReference]) -> ClosedRange<Int>? {
        guard let start = runs.firstIndex(where: { $0.number == oldest }),
            let end = runs.firstIndex(where: { $0.number == newest }), start <= end
        else { return nil }
        return start...end
    }

    /// Removes both files, the line first: without it the other is nothing.
    func remove(from directory: StoreDirectory) {
        try? directory.storage.unlink(manifestName, in: directory.descriptor)
        try? directory.storage.unlink(outputName, in: directory.descriptor)
    }
}
