// SPDX-License-Identifier: Apache-2.0

/// A named lock that this process holds.
///
/// It is held until ``release()``, or until the value goes out of scope, or
/// until the process ends in whatever way. No other process, on any descriptor,
/// can take it from a holder that lives; a child that was forked off does not
/// hold it.
public struct Lock: ~Copyable, Sendable {
    private let held: HeldTicket

    init(_ held: HeldTicket) {
        self.held = held
    }

    deinit {
        held.release()
    }

    /// The name under which it was taken.
    public var name: String { held.name.text }

    /// The fencing token: a number from 1 to 2⁵³-1 that is larger than that of
    /// every earlier grant of this lock, also across crashes and reboots. A
    /// resource that remembers the largest one it has seen can refuse a holder
    /// that was stopped for too long.
    public var token: UInt64 { held.token }

    /// Gives the lock back, and wakes the next in line.
    public consuming func release() {
        held.release()
    }
}
