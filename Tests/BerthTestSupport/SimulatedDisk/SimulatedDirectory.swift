// SPDX-License-Identifier: Apache-2.0

/// A directory in two images: the entries that processes see, and the changes
/// that a power cut may undo.
struct SimulatedDirectory: Sendable {
    /// What processes see: the number of the file that each name stands for.
    private(set) var entries: [String: Int] = [:]
    private var durable: [String: Int] = [:]
    /// What has not been flushed, oldest first.
    private(set) var pending: [Change] = []
    var permissions: UInt32 = 0o700
    var owner = SimulatedDisk.user

    /// One change of entries: wholly on the disk, or not at all.
    struct Change: Sendable {
        enum Content: Sendable {
            case add(String, Int)
            case remove(String)
            /// From, to, and which file.
            case rename(String, String, Int)
        }

        /// The place among all changes of the disk.
        let order: Int
        let content: Content
    }

    init() {}

    /// A directory that is wholly on the disk.
    init(durable entries: [String: Int]) {
        self.entries = entries
        durable = entries
    }

    mutating func change(_ content: Change.Content, _ order: inout Int) {
        Self.apply(content, to: &entries)
        pending.append(Change(order: order, content: content))
        order += 1
    }

    mutating func flush() {
        durable = entries
        pending = []
    }

    /// What the disk has if, of what is pending, only some arrived.
    func image(keeping isKept: (Change) -> Bool) -> [String: Int] {
        var image = durable
        for change in pending where isKept(change) { Self.apply(change.content, to: &image) }
        return image
    }

    private static func apply(_ content: Change.Content, to entries: inout [String: Int]) {
        switch content {
        case .add(let name, let file):
            entries[name] = file
        case .remove(let name):
            entries[name] = nil
        case .rename(let name, let newName, let file):
            // The old name may stand for another file where an earlier change is missing.
            if entries[name] == file { entries[name] = nil }
            entries[newName] = file
        }
    }
}
