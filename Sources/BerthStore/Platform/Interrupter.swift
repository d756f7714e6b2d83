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

/// Takes threads out of system calls that know no deadline, when their time is
/// over: by `SIGURG`, which does nothing else, and which a process never sees
/// that did not ask for it.
///
/// A program that has a handler of its own for that signal keeps it: then no
/// call is made here.
///
/// `@unchecked Sendable` because what varies is only touched under `monitor`.
final class Interrupter: @unchecked Sendable {
    static let ofThisProcess = Interrupter()

    private let monitor = Monitor()
    /// Those who are in a call.
    private var waits: [Wait] = []
    private var hasThread = false
    /// When the thread looks next; nil while it waits to be called.
    private var nextLook: Deadline?

    private final class Wait {
        let thread: pthread_t
        let deadline: Deadline
        var isInterrupted = false

        init(_ thread: pthread_t, _ deadline: Deadline) {
            self.thread = thread
            self.deadline = deadline
        }
    }

    /// How long after a signal the next one follows: the first may have come
    /// just before the call.
    private static var interval: Duration { .milliseconds(10) }

    /// Makes a call on the calling thread, again and again while it fails with
    /// `EINTR`, until a deadline.
    ///
    /// - Returns: Whether the call succeeded; false at the deadline, nil where no
    ///   call can be interrupted in this program: then none was made.
    func call(
        until deadline: Deadline, _ body: () throws(SystemError) -> Void
    ) throws(SystemError) -> Bool? {
        guard isUsable() else { return nil }
        let wait = Wait(pthread_self(), deadline)
        guard enter(wait) else { return nil }
        let mask = unblockSignal()
        defer {
            leave(wait)
            if var mask { pthread_sigmask(SIG_SETMASK, &mask, nil) }
        }
        while true {
            do throws(SystemError) {
                try body()
                return true
            } catch let error where error.errno == .interrupted {
                if deadline.isPast { return false }
            }
        }
    }

    /// Lets the signal reach this thread, as those of Dispatch do not; returns
    /// what was blocked before, where that has to be put back.
    private func unblockSignal() -> sigset_t? {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGURG)
        var mask = sigset_t()
        pthread_sigmask(SIG_UNBLOCK, &signals, &mask)
        return sigismember(&mask, SIGURG) == 1 ? mask : nil
    }

    /// Whether the signal only interrupts.
    private func isUsable() -> Bool {
        var current = sigaction()
        guard sigaction(SIGURG, nil, &current) == 0 else { return false }
        if isDoingNothing(current) { return true }
        guard isDefaultOrIgnored(current) else { return false }
        // Without SA_RESTART: the call is to end.
        var action = sigaction()
        setHandler(doNothing, of: &action)
        action.sa_flags = Int32(SA_SIGINFO)
        return sigaction(SIGURG, &action, nil) == 0
    }

    private func enter(_ wait: Wait) -> Bool {
        monitor.lock()
        defer { monitor.unlock() }
        if !hasThread {
            guard (try? Thread.start { self.watch() }) != nil else { return false }
            hasThread = true
        }
        waits.append(wait)
        if nextLook.map({ wait.deadline.nanoseconds < $0.nanoseconds }) ?? true {
            nextLook = wait.deadline
            monitor.broadcast()
        }
        return true
    }

    private func leave(_ wait: Wait) {
        monitor.lock()
        waits.removeAll { $0 === wait }
        let isInterrupted = wait.isInterrupted
        monitor.unlock()
        // A signal that was sent arrives with the next system call: this one,
        // and not one of the caller's.
        if isInterrupted { Thread.yield() }
    }

    /// What the thread does for as long as the process lives. It sleeps while
    /// nobody's time can be over.
    private func watch() {
        monitor.lock()
        defer { monitor.unlock() }
        while true {
            if let look = nextLook, !look.isPast {
                _ = monitor.wait(until: look)
                continue
            }
            nextLook = nil
            for wait in waits {
                var next = wait.deadline
                if next.isPast {
                    // Under the monitor: it is still in its call, or about to be.
                    wait.isInterrupted = true
                    pthread_kill(wait.thread, SIGURG)
                    next = Deadline(after: Self.interval)
                }
                nextLook = Deadline.sooner(nextLook, next)
            }
            if nextLook == nil { _ = monitor.wait(until: nil) }
        }
    }
}

private let doNothing: SignalHandler = { _, _, _ in }

private func isDoingNothing(_ action: sigaction) -> Bool {
    handlerAddress(of: action) == unsafeBitCast(doNothing, to: Int.self)
}

private func isDefaultOrIgnored(_ action: sigaction) -> Bool {
    handlerAddress(of: action) == 0 || isIgnoring(action)
}
