// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The name of a lock: 1 to 255 bytes of printable ASCII without `/`, `"` and
/// `\`, and neither `.` nor `..`.
package struct LockName: Hashable, Sendable {
    /// The longest name, in bytes.
    package static var maximumLength: Int { 255 }

    package let text: String

    /// Takes a name that a user gave.
    ///
    /// - Throws: `invalid`, with the rule that the name breaks.
    package init(_ text: String) throws(CoordinatorError) {
        if let problem = Self.problem(text) {
            throw CoordinatorError(.invalid, "this is no name for a lock: " + problem)
        }
        self.text = text
    }

    /// The name of a lock of Berth's own. No user can give it: it has a `/`.
    init(own text: String) {
        self.text = text
    }

    /// The rule that a text breaks; nil where it is a name.
    static func problem(_ text: String) -> String? {
        let count = text.utf8.count
        if count == 0 { return "it is empty" }
        if count > maximumLength {
            return "it has " + String(count) + " bytes; 255 are the most"
        }
        if text == "." || text == ".." { return "'.' and '..' stand for directories" }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: " "): return "it contains a space"
            case UInt8(ascii: "/"): return "it contains a '/'"
            case UInt8(ascii: "\""): return "it contains a '\"'"
            case UInt8(ascii: "\\"): return "it contains a '\\'"
            case 0..<0x20, 0x7F: return "it contains a control character"
            case 0x80...: return "it contains a character that is not ASCII"
            default: continue
            }
        }
        return nil
    }

    /// The name of the lock's folder.
    package var folder: String { ReadableName.of(text) }
}
