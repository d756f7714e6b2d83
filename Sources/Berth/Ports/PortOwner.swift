// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Whom a port is for: a directory, and a tag where it needs several.
struct PortOwner: Hashable, Sendable {
    /// An absolute, normalised path.
    let path: String
    let tag: String?

    /// Checks what a user gives; without a path it is the working directory.
    ///
    /// - Throws: `invalid` where one of them is not valid.
    init(path: String?, tag: String?) throws(CoordinatorError) {
        self.path = try AbsolutePath.directory(path)
        self.tag = tag
        if let tag { try ReservationText.check(tag, "the tag") }
    }

    /// An owner whose parts are known to be valid.
    init(normalized path: String, tag: String?) {
        self.path = path
        self.tag = tag
    }

    /// The path and the tag as bytes: equal for equal owners.
    var name: [UInt8] { Array(path.utf8) + [0] + (tag ?? "").utf8 }

    /// The record that names the owner's port.
    var record: RecordKey { RecordKey("ports/owner/", hashOf: name) }

    /// For messages.
    var description: String {
        tag.map { path + " with the tag " + $0 } ?? path
    }
}
