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
        var rest = magnitude
        if isNegative { append(UInt8(ascii: "-")) }
        let start = count
        repeat {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        self[start...].reverse()
    }

    /// Appends 16 hexadecimal digits in lower case.
    package mutating func append(hexadecimal number: UInt64) {
        var shift: UInt64 = 64
        while shift > 0 {
            shift -= 4
            let digit = UInt8(truncatingIfNeeded: (number >> shift) & 15)
            append(digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10))
        }
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
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }) {
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
