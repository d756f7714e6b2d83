// SPDX-License-Identifier: Apache-2.0

/// Several named locks that this process holds together.
///
/// They are held until ``release()``, or until the value goes out of scope, or
/// until the process ends in whatever way.
public struct LockGroup: ~Copyable, Sendable {
    /// In the order of their names.
    let held: [HeldTicket]

    init(_ held: [HeldTicket]) {
        self.held = held
    }

    deinit {
        for ticket in held.reversed() { ticket.release() }
    }

    /// The names, in order.
    public var names: [String] { held.map { $0.name.text } }

    /// The fencing token of one of them, see ``Lock/token``; nil where the name
    /// is none of them.
    public func token(of name: String) -> UInt64? {
        held.first { $0.name.text == name }?.token
    }

    /// Whether all of them are still held, see ``Lock/isHeld``.
    public var isHeld: Bool { held.allSatisfy { $0.isHeld } }

    /// Gives the locks back, the last first.
    ///
    /// - Returns: Whether all of them were held up to now.
    @discardableResult
    public consuming func release() -> Bool {
        var wasHeld = true
        for ticket in held.reversed() where !ticket.release() { wasHeld = false }
        return wasHeld
    }
}
