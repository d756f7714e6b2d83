// SPDX-License-Identifier: Apache-2.0

/// Lets one thread of this process in at a time, with a deadline.
///
/// Not reentrant: a thread that enters twice has a bug that no waiting would
/// mend, and the process ends with a sentence that says so.
///
/// `@unchecked Sendable` because `owner` is only touched under `monitor`.
final class ThreadLock: @unchecked Sendable {
    private let monitor = Monitor()
    /// The thread that is in; nil while none is.
    private var owner: UInt?

    /// Waits until no other thread is in; returns false when the deadline
    /// passed before. Blocks the current thread.
    func lock(until deadline: Deadline?) -> Bool {
        let current = Thread.current
        monitor.lock()
        defer { monitor.unlock() }
        precondition(
            owner != current, "Berth: a transaction was begun inside another of the same thread")
        while owner != nil {
            if !monitor.wait(until: deadline), owner != nil { return false }
        }
        owner = current
        return true
    }

    func unlock() {
        monitor.lock()
        owner = nil
        monitor.broadcast()
        monitor.unlock()
    }
}
