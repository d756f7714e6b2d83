// SPDX-License-Identifier: Apache-2.0

/// Items for a pool: texts that differ, each of 1 to 255 bytes without control
/// characters, in the order in which they are given out.
package struct PoolItems: Hashable, Sendable {
    /// The most items of a pool.
    package static var maximumCount: Int { 4096 }

    package let texts: [String]

    /// Takes items that a user gave.
    ///
    /// - Throws: `invalid`, with the rule that they break.
    package init(_ texts: [String]) throws(CoordinatorError) {
        if texts.isEmpty { throw CoordinatorError(.invalid, "a pool has one item at least") }
        try Self.check(count: texts.count)
        var seen: Set<String> = []
        for text in texts {
            try ReservationText.check(text, "an item of a pool")
            guard seen.insert(text).inserted else {
                throw CoordinatorError(.invalid, "the item '" + text + "' is given twice")
            }
        }
        self.texts = texts
    }

    /// The numbers of a range as items.
    ///
    /// - Throws: `invalid` where there are too many.
    package init(numbered range: ClosedRange<Int>) throws(CoordinatorError) {
        let (distance, overflowed) = range.upperBound.subtractingReportingOverflow(
            range.lowerBound)
        try Self.check(count: overflowed || distance == .max ? .max : distance + 1)
        texts = range.map { String($0) }
    }

    private static func check(count: Int) throws(CoordinatorError) {
        if count > maximumCount {
            throw CoordinatorError(.invalid, "a pool has 4096 items at most")
        }
    }
}
