// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#else
    #error("Berth has not been taught the C library of this platform")
#endif

/// The clocks of the machine. No decision rests on the wall clock.
package enum Clock {
    /// Nanoseconds on a clock that never steps and stops while the machine
    /// sleeps. The corresponding C call is `clock_gettime` with `CLOCK_MONOTONIC`.
    package static var monotonic: UInt64 { read(CLOCK_MONOTONIC) }

    /// Nanoseconds since the boot, those included in which the machine slept:
    /// what leases are measured by. The corresponding C call is `clock_gettime`
    /// with `CLOCK_BOOTTIME`, on macOS with `CLOCK_MONOTONIC`.
    package static var boot: UInt64 {
        #if canImport(Darwin)
            read(CLOCK_MONOTONIC)
        #else
            read(CLOCK_BOOTTIME)
        #endif
    }

    /// Milliseconds since 1970, for people to read.
    package static var wallMilliseconds: Int64 { Int64(read(CLOCK_REALTIME) / 1_000_000) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// A moment on the monotonic clock by which something has to be done.
package struct Deadline: Hashable, Sendable {
    /// The moment, in nanoseconds of ``Clock/monotonic``.
    package let nanoseconds: UInt64

    /// The moment a duration from now; a duration that is not positive is over already.
    package init(after duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (whole, overflowed) = UInt64(max(0, seconds)).multipliedReportingOverflow(
            by: 1_000_000_000)
        let length =
            overflowed ? UInt64.max / 2 : whole + UInt64(max(0, attoseconds) / 1_000_000_000)
        nanoseconds =
            Clock.monotonic.addingReportingOverflow(min(length, UInt64.max / 2)).partialValue
    }

    /// How long there is until then, in nanoseconds; 0 when it is past.
    package var remaining: UInt64 {
        let now = Clock.monotonic
        return nanoseconds > now ? nanoseconds - now : 0
    }

    package var isPast: Bool { remaining == 0 }

    /// The first of two moments; nil is one that never comes.
    package static func sooner(_ first: Deadline?, _ second: Deadline?) -> Deadline? {
        guard let first else { return second }
        guard let second else { return first }
        return first.nanoseconds < second.nanoseconds ? first : second
    }
}
