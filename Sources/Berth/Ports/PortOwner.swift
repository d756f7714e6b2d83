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

    /// The record that names the owner's port: 128 bits of hash stand for the
    /// path and the tag, which may be longer than a key.
    var record: RecordKey {
        var name = Array(path.utf8)
        name.append(0)
        name += (tag ?? "").utf8
        return PortRecords.hashed("ports/owner/", name)
    }

    /// For messages.
    var description: String {
        tag.map { path + " with the tag " + $0 } ?? path
    }
}
