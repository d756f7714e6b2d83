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

    /// The record that names the owner's port: 128 bits of hash stand for the
    /// path and the tag, which may be longer than a key.
    var record: RecordKey {
        var name = Array(path.utf8)
        name.append(0)
        name += (tag ?? "").utf8
        var digits: [UInt8] = []
        name.withUnsafeBytes { bytes in
            // Fixed keys: the name must be the same in every store and version.
            digits.append(hexadecimal: SipHash(k0: 0, k1: 0).hash(bytes))
            digits.append(hexadecimal: SipHash(k0: 1, k1: 0).hash(bytes))
        }
        return RecordKey("ports/owner/" + String(decoding: digits, as: UTF8.self))
    }
}
