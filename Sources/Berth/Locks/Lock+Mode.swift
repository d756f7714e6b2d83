// SPDX-License-Identifier: Apache-2.0

extension Lock {
    /// Who may hold a lock at the same time.
    ///
    /// Exclusive and shared contenders of one name stand in one line; slots
    /// have names of their own. Whoever asks for a lock in a way that
    /// contradicts the one in which it is in use is refused with `invalid`.
    public struct Mode: Hashable, Sendable {
        let kind: Ticket.Mode

        /// One holder, and no other beside it.
        public static var exclusive: Mode { Mode(kind: .exclusive) }

        /// Any number of shared holders. One never overtakes an exclusive
        /// contender that waits.
        public static var shared: Mode { Mode(kind: .shared) }

        /// Up to so many holders, 1 to 64: a counting semaphore. All contenders
        /// of one name must agree about the number.
        public static func slots(_ count: Int) -> Mode { Mode(kind: .slots(count)) }

        /// - Throws: `invalid` where there are no such slots.
        func checked() throws(CoordinatorError) -> Ticket.Mode {
            if case .slots(let count) = kind, !(1...Ticket.maximumSlots).contains(count) {
                throw CoordinatorError(
                    .invalid,
                    "a lock has 1 to " + String(Ticket.maximumSlots) + " slots, not "
                        + String(count))
            }
            return kind
        }
    }
}
