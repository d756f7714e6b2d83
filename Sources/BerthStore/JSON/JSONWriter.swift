// SPDX-License-Identifier: Apache-2.0

/// Builds one JSON text, byte by byte, without white space.
///
/// Nothing that a terminal could act on is ever written raw: control
/// characters, line separators and the controls of writing direction are
/// escaped, so that a journal can be shown with `cat`.
package struct JSONWriter {
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    package init(capacity: Int = 256) {
        bytes.reserveCapacity(capacity)
    }

    // MARK: Structure

    package mutating func beginObject() {
        open(UInt8(ascii: "{"))
    }

    package mutating func endObject() {
        close(UInt8(ascii: "}"))
    }

    package mutating func beginArray() {
        open(UInt8(ascii: "["))
    }

    package mutating func endArray() {
        close(UInt8(ascii: "]"))
    }

    /// Begins a member whose name is known to need no escape.
    package mutating func member(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Begins a member of any name.
    package mutating func member(named name: String) {
        value(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    // MARK: Values

    package mutating func value(_ text: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        JSONEscape.append(text, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    package mutating func value(_ number: some DecimalInteger) {
        separate()
        bytes.append(decimal: number)
        needsComma = true
    }

    package mutating func value(_ truth: Bool) {
        raw(truth ? "true" : "false")
    }

    package mutating func null() {
        raw("null")
    }

    /// Writes a value that is JSON already, verbatim.
    package mutating func value(json: some Collection<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
        needsComma = true
    }

    // MARK: Members

    package mutating func member(_ name: StaticString, _ text: String) {
        member(name)
        value(text)
    }

    package mutating func member(_ name: StaticString, _ number: some DecimalInteger) {
        member(name)
        value(number)
    }

    package mutating func member(_ name: StaticString, _ truth: Bool) {
        member(name)
        value(truth)
    }

    package mutating func member(_ name: StaticString, json: some Collection<UInt8>) {
        member(name)
        value(json: json)
    }

    // MARK: Parts

    private mutating func raw(_ text: StaticString) {
        separate()
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
        needsComma = true
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }
}

extension [UInt8] {
    /// Appends a number in decimal digits.
    package mutating func append(decimal number: some DecimalInteger) {
        let (magnitude, isNegative) = number.signedMagnitude
        if isNegative { append(UInt8(ascii: "-")) }
        append(digitsOf: magnitude)
    }

    private mutating func append(digitsOf number: UInt64) {
        if number < 10 { return append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number)) }
        // Twenty digits are the most that 64 bits have.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = number
            var start = 20
            repeat {
                let quotient = rest / 10
                start &-= 1
                digits[start] =
                    UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest &- quotient &* 10)
                rest = quotient
            } while rest > 0
            append(contentsOf: UnsafeBufferPointer(rebasing: digits[start...]))
        }
    }

    /// Appends 16 hexadecimal digits in lower case.
    package mutating func append(hexadecimal number: UInt64) {
        let (high, low) = number.hexadecimalDigits
        Swift.withUnsafeBytes(of: high) { append(contentsOf: $0) }
        Swift.withUnsafeBytes(of: low) { append(contentsOf: $0) }
    }
}

extension UInt64 {
    /// The 16 hexadecimal digits of the number in lower case, as they stand in
    /// memory: eight and eight.
    var hexadecimalDigits: (UInt64, UInt64) {
        (Self.digits(ofHalf: self >> 32), Self.digits(ofHalf: self & 0xFFFF_FFFF))
    }

    /// A half number's eight digits, the highest of them first in memory.
    private static func digits(ofHalf half: UInt64) -> UInt64 {
        // Spreads eight times four bits over eight bytes.
        var digits = half
        digits = (digits | digits &<< 16) & 0x0000_FFFF_0000_FFFF
        digits = (digits | digits &<< 8) & 0x00FF_00FF_00FF_00FF
        digits = (digits | digits &<< 4) & 0x0F0F_0F0F_0F0F_0F0F
        // 1 in each byte whose digit is a letter: those stand 39 places after
        // where the decimal digits go on.
        let letters = ((digits &+ 0x0606_0606_0606_0606) &>> 4) & 0x0101_0101_0101_0101
        return (digits &+ 0x3030_3030_3030_3030 &+ letters &* 39).bigEndian
    }

    /// The half number that eight digits in memory stand for; nil where they
    /// are not as ``hexadecimalDigits`` makes them.
    static func half(ofDigits text: UInt64) -> UInt64? {
        let bytes = text.bigEndian
        var half =
            (bytes & 0x0F0F_0F0F_0F0F_0F0F) &+ 9 &* ((bytes &>> 6) & 0x0101_0101_0101_0101)
        half = (half | half &>> 4) & 0x00FF_00FF_00FF_00FF
        half = (half | half &>> 8) & 0x0000_FFFF_0000_FFFF
        half = (half | half &>> 16) & 0x0000_0000_FFFF_FFFF
        return digits(ofHalf: half) == text ? half : nil
    }
}

/// Which characters are never written raw, and how they are escaped.
package enum JSONEscape {
    /// Whether a scalar is written as an escape: what JSON demands, and what a
    /// terminal or a reader of text could be misled by.
    package static func isEscaped(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x22, 0x5C: true
        case 0...0x1F, 0x7F...0x9F: true
        case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }

    static func append(_ text: String, to bytes: inout [UInt8]) {
        if text.isPrintableKey
            || text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C })
        {
            bytes.append(contentsOf: text.utf8)
            return
        }
        for scalar in text.unicodeScalars { append(scalar, to: &bytes) }
    }

    static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
        guard isEscaped(scalar) else {
            bytes.append(contentsOf: UTF8.encode(scalar).unsafelyUnwrapped)
            return
        }
        bytes.append(UInt8(ascii: "\\"))
        switch scalar {
        case "\"", "\\": bytes.append(UInt8(truncatingIfNeeded: scalar.value))
        case "\n": bytes.append(UInt8(ascii: "n"))
        case "\r": bytes.append(UInt8(ascii: "r"))
        case "\t": bytes.append(UInt8(ascii: "t"))
        default:
            // Everything escaped lies below U+10000: one code unit.
            bytes.append(UInt8(ascii: "u"))
            for shift in [12, 8, 4, 0] as [UInt32] {
                let digit = UInt8(truncatingIfNeeded: (scalar.value >> shift) & 15)
                bytes.append(digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10))
            }
        }
    }
}
