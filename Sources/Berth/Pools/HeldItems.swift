// SPDX-License-Identifier: Apache-2.0

/// Items of a pool that this process has.
///
/// It has them until ``giveBack()``, or until the value goes out of scope, or
/// until the process ends in whatever way: then they are free at once. A child
/// that was forked off does not have them.
public struct HeldItems: ~Copyable, Sendable {
    /// The items, one at least, in the order of the pool.
    public let items: [String]
    /// The ticket by which they are had: its release gives them back. The
    /// record that names them is removed by the next who takes some.
    package let ticket: HeldTicket

    init(_ items: [String], _ ticket: HeldTicket) {
        self.items = items
        self.ticket = ticket
    }

    deinit {
        ticket.release()
    }

    /// Gives the items back, and wakes the first in line.
    public consuming func giveBack() {
        ticket.release()
    }
}
