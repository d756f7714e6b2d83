// SPDX-License-Identifier: Apache-2.0

import BerthStore
import Testing

@Suite struct ClockTests {
    /// Whoever sets the machine's time moves no deadline: deadlines are on a
    /// clock that counts from the machine's start, not from 1970.
    @Test func deadlinesAreOnAClockThatNobodySets() {
        let year = 365 * 24 * 3600 * 1_000_000_000 as UInt64
        let sinceStart = Clock.monotonic
        let since1970 = UInt64(Clock.wallMilliseconds) * 1_000_000
        #expect(sinceStart + 10 * year < since1970)
        #expect(Deadline(after: .seconds(1)).nanoseconds < since1970 - 10 * year)
    }

    /// Nor does a lease end sooner or later: its clock counts from the boot.
    @Test func leasesAreOnAClockThatNobodySets() {
        let year = 365 * 24 * 3600 * 1_000_000_000 as UInt64
        let since1970 = UInt64(Clock.wallMilliseconds) * 1_000_000
        #expect(Clock.boot + 10 * year < since1970)
    }
}
