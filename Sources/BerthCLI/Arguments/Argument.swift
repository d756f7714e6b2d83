// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// One word of the command line, as the bytes it was given in: a command that
/// is run receives its own words unchanged, valid UTF-8 or not.
struct Argument: Hashable, Sendable {
    let bytes: [UInt8]

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// The word as text; nil where it is not valid UTF-8.
    var text: String? {
        String(utf8: bytes)
    }

    /// The word for a message: escaped, and cut where it is long.
    var escaped: String {
        TerminalText.cut(TerminalText.escaped(String(decoding: bytes, as: UTF8.self)), to: 60)
    }

    /// The word for a message, in quotes.
    var quoted: String {
        "'" + escaped + "'"
    }
}

extension Argument: ExpressibleByStringLiteral {
    init(stringLiteral text: String) {
        self.init(text)
    }
}

/// A command line that cannot be understood: status 64.
struct UsageError: Error, Hashable {
    /// What is wrong with it.
    let message: String
    /// Whose help says how it is done; empty for that of `berth` itself.
    let command: String

    init(_ message: String, command: String) {
        self.message = message
        self.command = command
    }

    /// The message, and where to read on.
    var line: String {
        message + "; see berth help" + (command.isEmpty ? "" : " " + command)
    }
}
