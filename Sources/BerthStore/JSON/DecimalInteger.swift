// SPDX-License-Identifier: Apache-2.0

/// An integer that is read from decimal digits.
///
/// A requirement with a witness for each type, and not a generic function:
/// another module would call that unspecialised, and looking up what it needs
/// at run time would cost a command's start more than all its other work.
package protocol DecimalInteger: FixedWidthInteger {
    /// The number a decimal text stands for; nil where it is none or does not fit.
    init?(decimal text: ArraySlice<UInt8>)
}

extension Int: DecimalInteger {
    package init?(decimal text: ArraySlice<UInt8>) {
        guard let number: Int = parse(text) else { return nil }
        self = number
    }
}

extension Int32: DecimalInteger {
    package init?(decimal text: ArraySlice<UInt8>) {
        guard let number: Int32 = parse(text) else { return nil }
        self = number
    }
}

extension Int64: DecimalInteger {
    package init?(decimal text: ArraySlice<UInt8>) {
        guard let number: Int64 = parse(text) else { return nil }
        self = number
    }
}

extension UInt32: DecimalInteger {
    package init?(decimal text: ArraySlice<UInt8>) {
        guard let number: UInt32 = parse(text) else { return nil }
        self = number
    }
}

extension UInt64: DecimalInteger {
    package init?(decimal text: ArraySlice<UInt8>) {
        guard let number: UInt64 = parse(text) else { return nil }
        self = number
    }
}

@inline(__always)
private func parse<Number: FixedWidthInteger>(_ text: ArraySlice<UInt8>) -> Number? {
    let isNegative = text.first == UInt8(ascii: "-")
    let digits = isNegative ? text.dropFirst() : text
    guard !digits.isEmpty else { return nil }
    var number: Number = 0
    for byte in digits {
        guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
        let digit = Number(truncatingIfNeeded: byte - UInt8(ascii: "0"))
        let (tens, overflowed) = number.multipliedReportingOverflow(by: 10)
        let (sum, carried) =
            isNegative
            ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
        if overflowed || carried { return nil }
        number = sum
    }
    return number
}
