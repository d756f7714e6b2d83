// SPDX-License-Identifier: Apache-2.0

/// An integer that is read from decimal digits, and written as them.
///
/// Requirements with a witness for each type, and not generic functions:
/// another module would call those unspecialised, and looking up what they need
/// at run time would cost a command's start more than all its other work.
package protocol DecimalInteger {
    /// The number a decimal text stands for; nil where it is none or does not fit.
    init?(decimal text: ArraySlice<UInt8>)

    /// What its digits say, and whether a minus stands before them.
    var signedMagnitude: (UInt64, isNegative: Bool) { get }
}

extension Int: DecimalInteger {
    package init?(decimal text: ArraySlice<UInt8>) {
        guard let number: Int = parse(text) else { return nil }
        self = number
    }

    package var signedMagnitude: (UInt64, isNegative: Bool) { parts(self) }
}

extension Int32: DecimalInteger {
    package init?(decimal text: ArraySlice<UInt8>) {
        guard let number: Int32 = parse(text) else { return nil }
        self = number
    }

    package var signedMagnitude: (UInt64, isNegative: Bool) { parts(self) }
}

extension Int64: DecimalInteger {
    package init?(decimal text: ArraySlice<UInt8>) {
        guard let number: Int64 = parse(text) else { return nil }
        self = number
    }

    package var signedMagnitude: (UInt64, isNegative: Bool) { parts(self) }
}

extension UInt32: DecimalInteger {
    package init?(decimal text: ArraySlice<UInt8>) {
        guard let number: UInt32 = parse(text) else { return nil }
        self = number
    }

    package var signedMagnitude: (UInt64, isNegative: Bool) { parts(self) }
}

extension UInt64: DecimalInteger {
    package init?(decimal text: ArraySlice<UInt8>) {
        guard let number: UInt64 = parse(text) else { return nil }
        self = number
    }

    package var signedMagnitude: (UInt64, isNegative: Bool) { parts(self) }
}

@inline(__always)
private func parts(_ number: some FixedWidthInteger) -> (UInt64, isNegative: Bool) {
    (UInt64(number.magnitude), number < 0)
}

@inline(__always)
private func parse<Number: FixedWidthInteger>(_ text: ArraySlice<UInt8>) -> Number? {
    let isNegative = text.first == UInt8(ascii: "-")
    guard let magnitude = value(ofDigits: isNegative ? text.dropFirst() : text) else { return nil }
    guard isNegative else { return Number(exactly: magnitude) }
    // The least number has a magnitude that its own type cannot hold.
    return magnitude <= UInt64(Int64.max) + 1
        ? Number(exactly: Int64(truncatingIfNeeded: 0 &- magnitude)) : nil
}

private func value(ofDigits digits: ArraySlice<UInt8>) -> UInt64? {
    guard !digits.isEmpty else { return nil }
    var number: UInt64 = 0
    for byte in digits {
        let digit = UInt64(byte &- UInt8(ascii: "0"))
        guard digit < 10 else { return nil }
        let (tens, overflowed) = number.multipliedReportingOverflow(by: 10)
        let (sum, carried) = tens.addingReportingOverflow(digit)
        if overflowed || carried { return nil }
        number = sum
    }
    return number
}
