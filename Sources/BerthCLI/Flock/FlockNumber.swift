// SPDX-License-Identifier: Apache-2.0

/// The numbers of a command line of `flock(1)`, as the C library reads them:
/// white space may stand before a number, and nothing may stand behind it.
enum FlockNumber {
    enum Problem: Error, Hashable {
        /// No number.
        case malformed
        case outOfRange
    }

    /// A whole number in decimal digits. See `strtoimax(3)`.
    static func integer(
        _ text: [UInt8], in bounds: ClosedRange<Int64>
    ) throws(Problem) -> Int64 {
        var rest = withoutSpace(text)
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        let magnitude = try digits(of: &rest, radix: 10)
        guard rest.isEmpty else { throw .malformed }
        guard let number = Int64(exactly: magnitude) else { throw .outOfRange }
        let signed = isNegative ? -number : number
        guard bounds.contains(signed) else { throw .outOfRange }
        return signed
    }

    /// A length of time in seconds, as microseconds. One that no timer takes,
    /// such as `inf`, is negative. See `strtold(3)`.
    static func microseconds(_ text: [UInt8]) throws(Problem) -> Int64 {
        let number = String(decoding: withoutSpace(text), as: UTF8.self)
        guard let seconds = Double(number) else { throw .malformed }
        // Beyond what a second of C counts.
        guard seconds.magnitude < 0x1p63 else { return -1 }
        return Int64(exactly: (seconds * 1_000_000).rounded(.towardZero))
            ?? (seconds < 0 ? .min : .max)
    }

    /// A number of bytes: decimal, octal after a 0 or hexadecimal after 0x;
    /// with K, M, G, T, P, E, KiB and so on in powers of 1024, with KB and so
    /// on in powers of 1000. A number with a unit may have a fraction.
    static func size(_ text: [UInt8]) throws(Problem) -> Int64 {
        var rest = withoutSpace(text)
        if rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        var radix: UInt64 = 10
        if rest.starts(with: "0x".utf8) || rest.starts(with: "0X".utf8) {
            rest = rest.dropFirst(2)
            radix = 16
        } else if rest.first == UInt8(ascii: "0") {
            radix = 8
        }
        var number = try digits(of: &rest, radix: radix)
        if rest.isEmpty { return Int64(truncatingIfNeeded: number) }
        let fraction = try fraction(of: &rest)
        let unit = try unit(rest)
        let (product, overflowed) = number.multipliedReportingOverflow(by: unit)
        if overflowed { throw .outOfRange }
        number = product
        // Each digit for itself, rounded as whole parts of the unit.
        var place: UInt64 = 1
        for digit in fraction.prefix(19) {
            place *= 10
            let value = UInt64(digit - UInt8(ascii: "0"))
            if value != 0 { number &+= unit / (place / value) }
        }
        return Int64(truncatingIfNeeded: number)
    }

    private static func unit(_ text: ArraySlice<UInt8>) throws(Problem) -> UInt64 {
        let power = text.first.flatMap { Array("kmgtpezy".utf8).firstIndex(of: lowered($0)) }
        guard let power else { throw .malformed }
        let base: UInt64
        switch text.dropFirst().map({ $0 == UInt8(ascii: "b") ? UInt8(ascii: "B") : $0 }) {
        case [], Array("iB".utf8): base = 1024
        case Array("B".utf8): base = 1000
        default: throw .malformed
        }
        var unit: UInt64 = 1
        for _ in 0...power {
            let (product, overflowed) = unit.multipliedReportingOverflow(by: base)
            if overflowed { throw .outOfRange }
            unit = product
        }
        return unit
    }

    /// Takes the digits after a full stop, where there is one.
    private static func fraction(
        of text: inout ArraySlice<UInt8>
    ) throws(Problem) -> ArraySlice<UInt8> {
        guard text.first == UInt8(ascii: ".") else { return [] }
        let fraction = text.dropFirst().prefix { value($0).map { $0 < 10 } ?? false }
        text = text.dropFirst(1 + fraction.count)
        var significant = fraction.drop { $0 == UInt8(ascii: "0") }
        if !significant.isEmpty { _ = try digits(of: &significant, radix: 10) }
        return fraction
    }

    /// Takes the digits that a text begins with.
    private static func digits(
        of text: inout ArraySlice<UInt8>, radix: UInt64
    ) throws(Problem) -> UInt64 {
        var number: UInt64 = 0
        var count = 0
        while let byte = text.first, let digit = value(byte), digit < radix {
            let (product, isTooLarge) = number.multipliedReportingOverflow(by: radix)
            let (sum, overflowed) = product.addingReportingOverflow(digit)
            if isTooLarge || overflowed { throw .outOfRange }
            number = sum
            count += 1
            text = text.dropFirst()
        }
        if count == 0 { throw .malformed }
        return number
    }

    private static func value(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    private static func lowered(_ byte: UInt8) -> UInt8 { byte | 0x20 }

    private static func withoutSpace(_ text: [UInt8]) -> ArraySlice<UInt8> {
        text.drop { $0 == UInt8(ascii: " ") || (0x09...0x0D).contains($0) }
    }
}
