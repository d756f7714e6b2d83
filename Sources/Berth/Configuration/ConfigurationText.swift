// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The text of a configuration file: JSON, in which comments as those of C
/// may stand between the tokens.
struct ConfigurationText {
    /// The largest file, in bytes.
    static var maximumSize: Int { 1024 * 1024 }

    /// What the file is called in messages.
    let name: String
    let bytes: [UInt8]
    let root: ConfigurationNode

    /// Reads a text, as strictly as JSON from elsewhere: a name twice in one
    /// object, a lone surrogate, a comma too many are refused.
    ///
    /// - Throws: `configuration`, with the line and the column.
    init(_ bytes: [UInt8], name: String) throws(CoordinatorError) {
        self.name = name
        self.bytes = bytes
        var plain = bytes
        if plain.starts(with: [0xEF, 0xBB, 0xBF]) { Self.blank(&plain, 0..<3) }
        if let open = Self.blankComments(&plain) {
            throw Self.failure(name, bytes, open, "this comment has no end")
        }
        do throws(JSONText.Problem) {
            _ = try JSONText.compact(plain)
        } catch {
            throw Self.failure(name, bytes, error.offset, error.reason)
        }
        var position = 0
        guard let root = Self.node(plain, &position) else {
            throw Self.failure(name, bytes, position, "no JSON value begins here")
        }
        self.root = root
    }

    /// An error at a place of the file.
    func failure(_ place: Int, _ reason: String) -> CoordinatorError {
        Self.failure(name, bytes, place, reason)
    }

    private static func failure(
        _ name: String, _ bytes: [UInt8], _ place: Int, _ reason: String
    ) -> CoordinatorError {
        let before = bytes[..<min(place, bytes.count)]
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        // A column is a character: the bytes that go on with one are not counted.
        let column = before[start...].count { $0 & 0xC0 != 0x80 } + 1
        return CoordinatorError(
            .configuration,
            name + ", line " + String(line) + ", column " + String(column) + ": " + reason)
    }

    // MARK: Comments

    /// Overwrites comments with blanks, so that what is left keeps its place;
    /// returns where one begins that has no end.
    private static func blankComments(_ bytes: inout [UInt8]) -> Int? {
        var position = 0
        while position < bytes.count {
            let rest = bytes[position...]
            if bytes[position] == UInt8(ascii: "\"") {
                position = endOfString(bytes, position)
            } else if rest.starts(with: "//".utf8) {
                let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
                blank(&bytes, position..<end)
                position = end
            } else if rest.starts(with: "/*".utf8) {
                var end = position + 2
                while !bytes[min(end, bytes.count)...].starts(with: "*/".utf8) {
                    if end >= bytes.count { return position }
                    end += 1
                }
                blank(&bytes, position..<end + 2)
                position = end + 2
            } else {
                position += 1
            }
        }
        return nil
    }

    private static func blank(_ bytes: inout [UInt8], _ range: Range<Int>) {
        for index in range where bytes[index] != UInt8(ascii: "\n") {
            bytes[index] = UInt8(ascii: " ")
        }
    }

    private static func endOfString(_ bytes: [UInt8], _ start: Int) -> Int {
        let end = bytes.withUnsafeBytes { JSONScan.endOfString(in: $0, at: start) }
        return end ?? bytes.count
    }

    // MARK: The tree

    /// The value at a position, which is moved past it. The text is known to
    /// be JSON.
    private static func node(_ bytes: [UInt8], _ position: inout Int) -> ConfigurationNode? {
        skipBlanks(bytes, &position)
        guard position < bytes.count else { return nil }
        let start = position
        let value: ConfigurationNode.Value
        switch bytes[position] {
        case UInt8(ascii: "{"):
            value = .object(members(bytes, &position))
        case UInt8(ascii: "["):
            value = .array(elements(bytes, &position))
        case UInt8(ascii: "\""):
            value = .string(string(bytes, &position))
        default:
            position =
                bytes[position...].firstIndex { !isOfWord($0) } ?? bytes.count
            let word = bytes[start..<position]
            if word.elementsEqual("true".utf8) {
                value = .bool(true)
            } else if word.elementsEqual("false".utf8) {
                value = .bool(false)
            } else {
                value = word.elementsEqual("null".utf8) ? .null : .number(word)
            }
        }
        return ConfigurationNode(value: value, bounds: start..<position)
    }

    private static func members(
        _ bytes: [UInt8], _ position: inout Int
    ) -> [ConfigurationNode.Member] {
        var members: [ConfigurationNode.Member] = []
        while let start = next(bytes, &position, until: UInt8(ascii: "}")) {
            let name = string(bytes, &position)
            skipBlanks(bytes, &position)
            position += 1
            guard let node = node(bytes, &position) else { break }
            members.append(ConfigurationNode.Member(name: name, start: start, node: node))
        }
        return members
    }

    private static func elements(
        _ bytes: [UInt8], _ position: inout Int
    ) -> [ConfigurationNode] {
        var elements: [ConfigurationNode] = []
        while next(bytes, &position, until: UInt8(ascii: "]")) != nil {
            guard let node = node(bytes, &position) else { break }
            elements.append(node)
        }
        return elements
    }

    /// Moves past an opening bracket or a comma to what follows; nil where
    /// that is the closing one, which is passed too.
    private static func next(
        _ bytes: [UInt8], _ position: inout Int, until end: UInt8
    ) -> Int? {
        skipBlanks(bytes, &position)
        guard position < bytes.count else { return nil }
        if bytes[position] != end {
            position += 1
            skipBlanks(bytes, &position)
        }
        guard position < bytes.count, bytes[position] != end else {
            position = min(position + 1, bytes.count)
            return nil
        }
        return position
    }

    private static func string(_ bytes: [UInt8], _ position: inout Int) -> String {
        let start = position
        position = endOfString(bytes, start)
        return JSONScan.string(bytes[start..<position]) ?? ""
    }

    private static func skipBlanks(_ bytes: [UInt8], _ position: inout Int) {
        while position < bytes.count, bytes[position] <= 0x20 { position += 1 }
    }

    /// Whether a byte is one of a number or of a word, and not what follows it.
    private static func isOfWord(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte != UInt8(ascii: ",") && byte != UInt8(ascii: "}")
            && byte != UInt8(ascii: "]")
    }
}
