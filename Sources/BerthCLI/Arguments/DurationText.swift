// SPDX-License-Identifier: Apache-2.0

/// How a length of time is written: `250ms`, `10s`, `2m`, `1h30m`, or a
/// number of seconds such as `10` or `0.25`.
enum DurationText {
    /// The units from the longest, each with its nanoseconds.
    private static var units: [(name: StaticString, nanoseconds: UInt64)] {
        [
            ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000),
            ("s", 1_000_000_000), ("ms", 1_000_000),
        ]
    }

    /// The longest time, a hundred years: far beyond any use, and far from
    /// where sums of nanoseconds overflow.
    private static var longest: UInt64 { 36_525 * 86_400_000_000_000 }

    /// Reads a length of time; nil where the text is none.
    ///
    /// Units go from long to short, each at most once. Only the last number
    /// may have a fraction, of at most nine digits; what is shorter than a
    /// nanosecond is dropped.
    static func duration(_ text: [UInt8]) -> Duration? {
        var rest = text[...]
        var total: UInt64 = 0
        var units = units[...]
        repeat {
            guard let number = Number(from: &rest) else { return nil }
            let name = rest.prefix { $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") }
            rest = rest.dropFirst(name.count)
            let unit: UInt64
            if name.isEmpty {
                // A bare number is one of seconds, and all there is.
                guard number.end == text.endIndex, number.start == text.startIndex else {
                    return nil
                }
                unit = 1_000_000_000
            } else {
                let place = units.firstIndex { entry in
                    entry.name.withUTF8Buffer { $0.elementsEqual(name) }
                }
                guard let place else { return nil }
                unit = units[place].nanoseconds
                units = units[(place + 1)...]
            }
            if number.hasFraction && !rest.isEmpty { return nil }
            guard let part = number.times(unit), part <= longest - total else { return nil }
            total += part
        } while !rest.isEmpty
        return .nanoseconds(Int64(total))
    }

    /// A decimal number of at most nine fractional digits.
    private struct Number {
        let start: Int
        let end: Int
        private var whole: UInt64 = 0
        private var billionths: UInt64 = 0
        private(set) var hasFraction = false

        init?(from text: inout ArraySlice<UInt8>) {
            start = text.startIndex
            guard let whole = Self.digits(&text, atMost: 12) else { return nil }
            self.whole = whole.value
            if text.first == UInt8(ascii: ".") {
                text.removeFirst()
                guard let fraction = Self.digits(&text, atMost: 9) else { return nil }
                hasFraction = true
                billionths = fraction.value
                for _ in fraction.count..<9 { billionths *= 10 }
            }
            end = text.startIndex
        }

        private static func digits(
            _ text: inout ArraySlice<UInt8>, atMost limit: Int
        ) -> (value: UInt64, count: Int)? {
            var value: UInt64 = 0
            var count = 0
            while let digit = text.first, digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") {
                guard count < limit else { return nil }
                value = value * 10 + UInt64(digit - UInt8(ascii: "0"))
                count += 1
                text.removeFirst()
            }
            return count > 0 ? (value, count) : nil
        }

        /// The product, fractions of a nanosecond dropped; nil where it overflows.
        func times(_ unit: UInt64) -> UInt64? {
            let (product, overflowed) = whole.multipliedReportingOverflow(by: unit)
            if overflowed { return nil }
            let fraction = billionths.multipliedFullWidth(by: unit)
            let (quotient, _) = UInt64(1_000_000_000).dividingFullWidth(fraction)
            let (sum, carried) = product.addingReportingOverflow(quotient)
            return carried ? nil : sum
        }
    }
}
