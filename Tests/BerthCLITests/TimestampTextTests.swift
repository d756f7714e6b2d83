// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import BerthCLI

@Suite("Moments as text")
struct TimestampTextTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"), (999, "1970-01-01T00:00:00Z"),
        (951_782_399_000, "2000-02-28T23:59:59Z"), (951_782_400_000, "2000-02-29T00:00:00Z"),
        (951_868_800_000, "2000-03-01T00:00:00Z"), (4_107_542_400_000, "2100-03-01T00:00:00Z"),
        (1_795_254_583_291, "2026-11-21T09:49:43Z"),
    ])
    func areThoseOfUTC(milliseconds: Int64, text: String) {
        #expect(TimestampText.text(milliseconds) == text)
    }

    @Test func areThoseThatFoundationTells() {
        for day in stride(from: Int64(-100_000), to: 300_000, by: 397) {
            let seconds = day * 86_400 + 45_296
            let date = Date(timeIntervalSince1970: TimeInterval(seconds))
            #expect(TimestampText.text(seconds * 1000) == date.formatted(.iso8601))
        }
    }
}
