// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Whom a port is for: a directory, and a tag where it needs several.
struct PortOwner: Hashable, Sendable {
    /// The longest tag, in bytes.
    private static var maximumTagLength: Int { 255 }

    /// An absolute, normalised path.
    let path: String
    let tag: String?

    /// Checks what a user gives; without a path it is the working directory.
    ///
    /// - Throws: `invalid` where one of them is not valid.
    init(path: String?, tag: String?) throws(CoordinatorError) {
        self.path = try AbsolutePath.directory(path)
        self.tag = tag
        guard let tag else { return }
        if tag.isEmpty { throw CoordinatorError(.invalid, "the tag is empty") }
        if tag.utf8.count > Self.maximumTagLength {
            throw CoordinatorError(.invalid, "the tag is longer than 255 bytes")
        }
        if tag.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            throw CoordinatorError(.invalid, "the tag has a control character")
        }
    }

    /// The path and the tag as bytes: equal for equal owners.
    var name: [UInt8] { Array(path.utf8) + [0] + (tag ?? "").utf8 }

    /// The record that names the owner's port.
    var record: RecordKey { RecordKey("ports/owner/", hashOf: name) }
}
