// SPDX-License-Identifier: Apache-2.0

/// A strict reader of JSON from outside: a value a user gives, a file a user wrote.
///
/// Stricter than RFC 8259 where that leaves room for two readings of one
/// text: duplicate member names, lone surrogates and invalid UTF-8 are
/// refused, and so is nesting deeper than ``maximumDepth``.
package struct JSONText {
    /// How deep arrays and objects may nest.
    package static let maximumDepth = 32

    /// Why a text is not accepted, and where.
    package struct Problem: Error, Hashable, Sendable {
        package let reason: String
        /// The byte at which the problem was seen, from 0.
        package let offset: Int
    }

    /// The same value without white space between its tokens, and with the
    /// characters of ``JSONEscape`` escaped.
    ///
    /// A text that Berth itself puts around a value may nest `extra` levels deeper.
    ///
    /// - Complexity: O(n) in the length of the text.
    package static func compact(
        _ bytes: [UInt8], deeperBy extra: Int = 0
    ) throws(Problem) -> [UInt8] {
        var text = JSONText(bytes)
        text.skipWhiteSpace()
        try text.value(depth: -extra)
        text.skipWhiteSpace()
        if text.position < bytes.count { throw text.problem("more than one value") }
        return text.result()
    }

    private let bytes: [UInt8]
    private var position = 0
    /// What was written so far, and from where on the text is to be added as
    /// it stands: most texts are compact, and nothing is ever copied.
    private var output: [UInt8] = []
    private var pending = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Adds what stands before the position; what follows is not taken over
    /// before `pending` is set beyond it.
    private mutating func settle() {
        if output.isEmpty { output.reserveCapacity(bytes.count) }
        output.append(contentsOf: bytes[pending..<position])
        pending = position
    }

    private mutating func result() -> [UInt8] {
        if pending == 0, output.isEmpty { return bytes }
        settle()
        return output
    }

    private func problem(_ reason: String) -> Problem {
        Problem(reason: reason, offset: position)
    }

    private var next: UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    private mutating func copy() {
        position += 1
    }

    private mutating func skipWhiteSpace() {
        guard let first = next, Self.isWhiteSpace(first) else { return }
        settle()
        while let byte = next, Self.isWhiteSpace(byte) { position += 1 }
        pending = position
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    private mutating func value(depth: Int) throws(Problem) {
        switch next {
        case UInt8(ascii: "{"): try object(depth: depth + 1)
        case UInt8(ascii: "["): try array(depth: depth + 1)
        case UInt8(ascii: "\""): try string { _ in }
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        case UInt8(ascii: "-")?, (UInt8(ascii: "0")...UInt8(ascii: "9"))?: try number()
        case nil: throw problem("the text ends where a value should be")
        default: throw problem("no JSON value begins here")
        }
    }

    private mutating func object(depth: Int) throws(Problem) {
        if depth > Self.maximumDepth { throw problem("nested deeper than 32") }
        copy()
        skipWhiteSpace()
        var names = MemberNames()
        if next == UInt8(ascii: "}") { return copy() }
        while true {
            guard next == UInt8(ascii: "\"") else { throw problem("a member name should be here") }
            var name: ArraySlice<UInt8> = []
            try string { part in
                // A name without escapes is compared where it stands.
                if name.isEmpty { name = part } else { name.append(contentsOf: part) }
            }
            if !names.insert(name) { throw problem("the same member name twice") }
            skipWhiteSpace()
            guard next == UInt8(ascii: ":") else { throw problem("a colon should be here") }
            copy()
            skipWhiteSpace()
            try value(depth: depth)
            skipWhiteSpace()
            switch next {
            case UInt8(ascii: ","): copy()
            case UInt8(ascii: "}"): return copy()
            default: throw problem("a comma or a closing brace should be here")
            }
            skipWhiteSpace()
        }
    }

    private mutating func array(depth: Int) throws(Problem) {
        if depth > Self.maximumDepth { throw problem("nested deeper than 32") }
        copy()
        skipWhiteSpace()
        if next == UInt8(ascii: "]") { return copy() }
        while true {
            try value(depth: depth)
            skipWhiteSpace()
            switch next {
            case UInt8(ascii: ","): copy()
            case UInt8(ascii: "]"): return copy()
            default: throw problem("a comma or a closing bracket should be here")
            }
            skipWhiteSpace()
        }
    }

    private mutating func word(_ word: StaticString) throws(Problem) {
        let matches = word.withUTF8Buffer { bytes[position...].starts(with: $0) }
        guard matches else { throw problem("no JSON value begins here") }
        for _ in 0..<word.utf8CodeUnitCount { copy() }
    }

    private mutating func digits() throws(Problem) {
        guard let first = next, isDigit(first) else { throw problem("a digit should be here") }
        while let byte = next, isDigit(byte) { copy() }
    }

    private func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private mutating func number() throws(Problem) {
        if next == UInt8(ascii: "-") { copy() }
        if next == UInt8(ascii: "0") {
            copy()
            if let byte = next, isDigit(byte) { throw problem("a number begins with 0") }
        } else {
            try digits()
        }
        if next == UInt8(ascii: ".") {
            copy()
            try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            copy()
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { copy() }
            try digits()
        }
    }

    /// Copies a string, and reports what it stands for, part by part, in UTF-8.
    private mutating func string(_ report: (ArraySlice<UInt8>) -> Void) throws(Problem) {
        copy()
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                return copy()
            case UInt8(ascii: "\\"):
                report(Self.utf8(try escape()))
            case 0..<0x20:
                throw problem("a control character inside a string")
            case 0x20..<0x7F:
                report(plainPart())
            default:
                settle()
                let scalar = try scalar()
                JSONEscape.append(scalar, to: &output)
                pending = position
                report(Self.utf8(scalar))
            }
        }
        throw problem("the text ends inside a string")
    }

    /// Moves past the bytes of a string that stand for themselves.
    private mutating func plainPart() -> ArraySlice<UInt8> {
        let start = position
        position = bytes.withUnsafeBufferPointer { $0.endOfPlainText(at: start, from: 0x20) }
        return bytes[start..<position]
    }

    private static func utf8(_ scalar: Unicode.Scalar) -> ArraySlice<UInt8> {
        Array(String(scalar).utf8)[...]
    }

    /// Decodes one scalar of several bytes (or DEL) and moves past it.
    private mutating func scalar() throws(Problem) -> Unicode.Scalar {
        var decoder = UTF8()
        var rest = bytes[position..<min(position + 4, bytes.count)].makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&rest) else {
            throw problem("invalid UTF-8")
        }
        position += UTF8.width(scalar)
        return scalar
    }

    /// Copies one escape, and returns what it stands for.
    private mutating func escape() throws(Problem) -> Unicode.Scalar {
        copy()
        guard let kind = next else { throw problem("the text ends inside a string") }
        let plain: Unicode.Scalar? =
            switch kind {
            case UInt8(ascii: "\""): "\""
            case UInt8(ascii: "\\"): "\\"
            case UInt8(ascii: "/"): "/"
            case UInt8(ascii: "b"): "\u{8}"
            case UInt8(ascii: "f"): "\u{C}"
            case UInt8(ascii: "n"): "\n"
            case UInt8(ascii: "r"): "\r"
            case UInt8(ascii: "t"): "\t"
            default: nil
            }
        if let plain {
            copy()
            return plain
        }
        guard kind == UInt8(ascii: "u") else { throw problem("an unknown escape") }
        copy()
        let high = try hexadecimalUnit()
        if let scalar = Unicode.Scalar(high) { return scalar }
        guard high < 0xDC00, next == UInt8(ascii: "\\") else { throw problem("a lone surrogate") }
        copy()
        guard next == UInt8(ascii: "u") else { throw problem("a lone surrogate") }
        copy()
        let low = try hexadecimalUnit()
        guard low >= 0xDC00, low < 0xE000 else { throw problem("a lone surrogate") }
        guard let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)) else {
            throw problem("a lone surrogate")
        }
        return scalar
    }

    private mutating func hexadecimalUnit() throws(Problem) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = byte.hexadecimalDigit else {
                throw problem("four hexadecimal digits should be here")
            }
            unit = unit << 4 | UInt32(digit)
            copy()
        }
        return unit
    }
}

/// The member names of one object. Most objects have few: to compare them one
/// by one takes less than to hash them.
private struct MemberNames {
    private var first: [ArraySlice<UInt8>] = []
    private var rest: Set<ArraySlice<UInt8>> = []

    /// Takes in a name; returns false where it is there already.
    mutating func insert(_ name: ArraySlice<UInt8>) -> Bool {
        if first.contains(name) { return false }
        if first.count < 16 {
            first.append(name)
            return true
        }
        return rest.insert(name).inserted
    }
}

extension UInt8 {
    /// The value of a hexadecimal digit, in either case.
    package var hexadecimalDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
