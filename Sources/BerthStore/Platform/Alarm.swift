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

/// A signal that ends a wait in the kernel at its time, for a process of one
/// thread. The corresponding C function is `setitimer` with `ITIMER_REAL`.
///
/// Until its owner cancels it, `SIGALRM` is not blocked, and interrupts system calls.
package struct Alarm {
    private let previousAction: sigaction
    private let previousMask: sigset_t

    /// Whether the alarm that was set last has rung.
    package static var hasRung: Bool { alarmHasRung }

    /// Sets the alarm. One of no microseconds would never ring.
    ///
    /// - Throws: `EINVAL` where the time is negative.
    package init(microseconds: Int64) throws(SystemError) {
        alarmHasRung = false
        var action = sigaction()
        setHandler({ _, _, _ in alarmHasRung = true }, of: &action)
        action.sa_flags = Int32(SA_SIGINFO)
        var oldAction = sigaction()
        sigaction(SIGALRM, &action, &oldAction)
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGALRM)
        var oldMask = sigset_t()
        sigprocmask(SIG_UNBLOCK, &signals, &oldMask)
        previousAction = oldAction
        previousMask = oldMask
        // From then on again and again: one ring may fall between two waits.
        if let error = Self.setTimer(microseconds, interval: 10_000) {
            cancel()
            throw error
        }
    }

    /// Puts everything back as it was.
    package func cancel() {
        _ = Self.setTimer(0, interval: 0)
        var (action, mask) = (previousAction, previousMask)
        sigaction(SIGALRM, &action, nil)
        sigprocmask(SIG_SETMASK, &mask, nil)
    }

    private static func setTimer(_ microseconds: Int64, interval: Int64) -> SystemError? {
        var timer = itimerval(it_interval: time(interval), it_value: time(microseconds))
        #if canImport(Glibc)
            let kind = __itimer_which_t(ITIMER_REAL.rawValue)
        #else
            let kind = ITIMER_REAL
        #endif
        return setitimer(kind, &timer, nil) == -1 ? .current("setitimer") : nil
    }

    private static func time(_ microseconds: Int64) -> timeval {
        let (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        return timeval(tv_sec: .init(seconds), tv_usec: .init(rest))
    }
}

/// Unsafe because a signal's handler writes it at any moment, which is sound
/// for a byte that is read and written whole.
private nonisolated(unsafe) var alarmHasRung = false
