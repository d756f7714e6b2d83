// SPDX-License-Identifier: Apache-2.0

/// The members of one JSON object that Berth itself wrote: no white space,
/// names without escapes.
///
/// Reading is lenient about what it does not know and never traps: a member
/// that is missing or of another type is nil, so a damaged ticket or a record
/// of a newer version is seen as such by who asks.
package struct JSONFields {
    private let bytes: [UInt8]
    /// Of each member four places: where its name begins and ends, and where
    /// its value does. An array of plain integers, because the type of any
    /// other array costs a command at its start more than the reading.
    private var bounds: [Int] = []

    /// Splits an object into its members; nil where the bytes are not one object.
    ///
    /// - Complexity: O(n) in the number of bytes.
    package init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        let end: Int? = bytes.withUnsafeBytes { buffer in
            var position = 0
            guard buffer.first == UInt8(ascii: "{") else { return nil }
            position = 1
            if position < buffer.count, buffer[position] == UInt8(ascii: "}") { return 2 }
            while true {
                guard let nameEnd = JSONScan.endOfString(in: buffer, at: position),
                    nameEnd < buffer.count, buffer[nameEnd] == UInt8(ascii: ":"),
                    let valueEnd = JSONScan.endOfValue(in: buffer, at: nameEnd + 1),
                    valueEnd < buffer.count
                else { return nil }
                bounds.append(position + 1)
                bounds.append(nameEnd - 1)
                bounds.append(nameEnd + 1)
                bounds.append(valueEnd)
                position = valueEnd + 1
                switch buffer[valueEnd] {
                case UInt8(ascii: ","): continue
                case UInt8(ascii: "}"): return position
                default: return nil
                }
            }
        }
        guard end == bytes.count else { return nil }
    }

    /// The names, in the order of the text.
    package var names: [String] {
        stride(from: 0, to: bounds.count, by: 4).map {
            String(decoding: bytes[bounds[$0]..<bounds[$0 + 1]], as: UTF8.self)
        }
    }

    /// The names as they stand in the text, and the values, in its order.
    package var members: [(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)] {
        stride(from: 0, to: bounds.count, by: 4).map {
            (bytes[bounds[$0]..<bounds[$0 + 1]], bytes[bounds[$0 + 2]..<bounds[$0 + 3]])
        }
    }

    /// The members that are strings, in the order of the text.
    package var strings: [(name: String, value: String)] {
        stride(from: 0, to: bounds.count, by: 4).compactMap { place in
            let name = JSONScan.string(bytes[(bounds[place] - 1)...bounds[place + 1]])
            let value = JSONScan.string(bytes[bounds[place + 2]..<bounds[place + 3]])
            guard let name, let value else { return nil }
            return (name, value)
        }
    }

    /// The bytes of a member's value.
    package func json(_ name: StaticString) -> ArraySlice<UInt8>? {
        let wanted = UnsafeRawBufferPointer(
            start: name.utf8Start, count: name.utf8CodeUnitCount)
        let member = bytes.withUnsafeBytes { bytes -> Int? in
            var member = 0
            while member < bounds.count {
                // Most differ in length already.
                if bounds[member + 1] - bounds[member] == wanted.count,
                    UnsafeRawBufferPointer(rebasing: bytes[bounds[member]..<bounds[member + 1]])
                        .compare(wanted) == 0
                {
                    return member
                }
                member += 4
            }
            return nil
        }
        return member.map { bytes[bounds[$0 + 2]..<bounds[$0 + 3]] }
    }

    package func string(_ name: StaticString) -> String? {
        json(name).flatMap { JSONScan.string($0) }
    }

    package func integer<Number: DecimalInteger>(
        _ name: StaticString, as type: Number.Type = Number.self
    ) -> Number? {
        json(name).flatMap { Number(decimal: $0) }
    }

    package func bool(_ name: StaticString) -> Bool? {
        guard let value = json(name) else { return nil }
        if value.elementsEqual("true".utf8) { return true }
        return value.elementsEqual("false".utf8) ? false : nil
    }

    package func fields(_ name: StaticString) -> JSONFields? {
        json(name).flatMap { JSONFields(Array($0)) }
    }

    /// The elements of a member that is an array, each as its bytes.
    package func array(_ name: StaticString) -> [ArraySlice<UInt8>]? {
        json(name).flatMap { JSONScan.elements(of: $0) }
    }
}

/// Finds where parts of a JSON text end, and what its scalars stand for. The
/// text is one that Berth wrote, or that ``JSONText`` accepted.
package enum JSONScan {
    /// Past the closing quote of the string that begins at a position.
    package static func endOfString(in bytes: UnsafeRawBufferPointer, at start: Int) -> Int? {
        guard start < bytes.count, bytes[start] == UInt8(ascii: "\"") else { return nil }
        var position = start + 1
        while position < bytes.count {
            position = endOfPlainPart(in: bytes, at: position)
            guard position < bytes.count else { return nil }
            switch bytes[position] {
            case UInt8(ascii: "\""): return position + 1
            case UInt8(ascii: "\\"): position += 2
            default: position += 1
            }
        }
        return nil
    }

    /// Where the next quote or backslash is, looked for in eight bytes at a
    /// time; or a place before it, with less than eight bytes to go.
    @inline(__always)
    private static func endOfPlainPart(in bytes: UnsafeRawBufferPointer, at start: Int) -> Int {
        var position = start
        while position &+ 8 <= bytes.count {
            let word = UInt64(
                littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            // The lowest bit found is the first byte's; higher ones may be wrong.
            let found =
                word.zeroBytes(after: 0x2222_2222_2222_2222)
                | word.zeroBytes(after: 0x5C5C_5C5C_5C5C_5C5C)
            if found != 0 { return position &+ found.trailingZeroBitCount / 8 }
            position &+= 8
        }
        return position
    }

    /// Past the value that begins at a position.
    package static func endOfValue(in bytes: UnsafeRawBufferPointer, at start: Int) -> Int? {
        guard start < bytes.count else { return nil }
        switch bytes[start] {
        case UInt8(ascii: "\""): return endOfString(in: bytes, at: start)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            var depth = 0
            var position = start
            while position < bytes.count {
                switch bytes[position] {
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth -= 1
                    if depth == 0 { return position + 1 }
                case UInt8(ascii: "\""):
                    guard let end = endOfString(in: bytes, at: position) else { return nil }
                    position = end
                    continue
                default: break
                }
                position += 1
            }
            return nil
        default:
            var position = start
            while position < bytes.count {
                switch bytes[position] {
                case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"):
                    return position > start ? position : nil
                default: position += 1
                }
            }
            return position > start ? position : nil
        }
    }

    /// What a string with its quotes stands for.
    package static func string(_ text: some Collection<UInt8>) -> String? {
        if let result = text.withContiguousStorageIfAvailable({ string(of: $0) }) {
            return result
        }
        return Array(text).withUnsafeBufferPointer { string(of: $0) }
    }

    private static func string(of text: UnsafeBufferPointer<UInt8>) -> String? {
        guard text.count >= 2, text.first == UInt8(ascii: "\"") else { return nil }
        let plain = UnsafeBufferPointer(rebasing: text[1..<text.count - 1])
        if plain.endOfPlainText(at: 0, from: 0x20) == plain.count {
            return String(decoding: plain, as: UTF8.self)
        }
        let inner = Array(plain)
        guard inner.contains(UInt8(ascii: "\\")) else { return String(utf8: inner) }
        var units: [UInt8] = []
        var position = 0
        while position < inner.count {
            guard inner[position] == UInt8(ascii: "\\") else {
                units.append(inner[position])
                position += 1
                continue
            }
            guard let (scalar, end) = escaped(in: inner, at: position) else { return nil }
            units.append(contentsOf: UTF8.encode(scalar).unsafelyUnwrapped)
            position = end
        }
        return String(utf8: units)
    }

    private static func escaped(in text: [UInt8], at start: Int) -> (Unicode.Scalar, Int)? {
        guard start + 1 < text.count else { return nil }
        let plain: Unicode.Scalar
        switch text[start + 1] {
        case UInt8(ascii: "\""): plain = "\""
        case UInt8(ascii: "\\"): plain = "\\"
        case UInt8(ascii: "/"): plain = "/"
        case UInt8(ascii: "b"): plain = "\u{8}"
        case UInt8(ascii: "f"): plain = "\u{C}"
        case UInt8(ascii: "n"): plain = "\n"
        case UInt8(ascii: "r"): plain = "\r"
        case UInt8(ascii: "t"): plain = "\t"
        case UInt8(ascii: "u"):
            guard let high = unit(in: text, at: start + 2) else { return nil }
            if let scalar = Unicode.Scalar(high) { return (scalar, start + 6) }
            guard high < 0xDC00, let low = unit(in: text, at: start + 8), low >= 0xDC00,
                low < 0xE000,
                let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
            else { return nil }
            return (scalar, start + 12)
        default: return nil
        }
        return (plain, start + 2)
    }

    private static func unit(in text: [UInt8], at start: Int) -> UInt32? {
        guard start + 4 <= text.count else { return nil }
        var unit: UInt32 = 0
        for byte in text[start..<start + 4] {
            guard let digit = byte.hexadecimalDigit else { return nil }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }

    /// The elements of an array, each as its bytes; nil where the text is none.
    package static func elements(of text: ArraySlice<UInt8>) -> [ArraySlice<UInt8>]? {
        text.withUnsafeBytes { buffer in
            guard buffer.count >= 2, buffer[0] == UInt8(ascii: "[") else { return nil }
            if buffer.count == 2 { return buffer[1] == UInt8(ascii: "]") ? [] : nil }
            var elements: [ArraySlice<UInt8>] = []
            var position = 1
            while let end = endOfValue(in: buffer, at: position), end < buffer.count {
                elements.append(text[text.startIndex + position..<text.startIndex + end])
                position = end + 1
                if buffer[end] == UInt8(ascii: "]") {
                    return position == buffer.count ? elements : nil
                }
            }
            return nil
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// The first byte at or after a position that is not one of `first` to `~`
    /// without `"` and `\`; the end where there is none.
    func endOfPlainText(at start: Int, from first: UInt8) -> Int {
        let bytes = UnsafeRawBufferPointer(self)
        let ones: UInt64 = 0x0101_0101_0101_0101
        var position = start
        while position &+ 8 <= count {
            let word = UInt64(
                littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            let small = (word &- ones &* UInt64(first)) & ~word
            let large = (word &+ ones) | word
            let found =
                (small | large) & (ones &* 0x80) | word.zeroBytes(after: ones &* 0x22)
                | word.zeroBytes(after: ones &* 0x5C)
            // Borrows and carries may find too much: those are looked at again.
            if found != 0 { break }
            position &+= 8
        }
        while position < count {
            let byte = self[position]
            if byte < first || byte >= 0x7F || byte == 0x22 || byte == 0x5C { break }
            position &+= 1
        }
        return position
    }
}

extension UInt64 {
    /// The highest bit of each byte that equals the other word's, up to the
    /// first such byte; a borrow may set those of later ones.
    @inline(__always)
    fileprivate func zeroBytes(after other: UInt64) -> UInt64 {
        let difference = self ^ other
        return (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
    }
}
