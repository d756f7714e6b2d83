// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// For how long a holder has a lock at most: a grant that ends by itself.
///
/// It is measured by the clock that counts on while the machine sleeps, and by
/// no calendar. The end is written under the gate, and under the gate it is
/// judged by whoever takes the lock from its holder: so no renewal is told to
/// have succeeded beside a taking.
package struct LeaseTerm: Hashable, Sendable {
    /// How long it lasts from its grant, and from each renewal: nanoseconds.
    let length: UInt64
    /// When it ends, in nanoseconds of ``Clock/boot``; nil while the ticket is
    /// in line, where it has not begun.
    var end: UInt64?

    /// Whether it has ended. Never, where it was begun by a clock that cannot
    /// be compared.
    func hasEnded(at now: UInt64) -> Bool {
        end.map { $0 <= now } ?? false
    }

    /// When it is worth looking again, to one who waits for its end: at the
    /// end, or as soon as a lease that begins now may end. Within a second, for
    /// the sake of a machine that sleeps meanwhile.
    func nextLook(at now: UInt64) -> Duration {
        let rest = end.map { $0 > now ? $0 - now : 0 } ?? length
        return .nanoseconds(Int64(min(rest, 1_000_000_000)))
    }

    /// The length of a lease that a caller gave; nil where it is none: not
    /// positive, or longer than a hundred years.
    package static func length(_ duration: Duration) -> UInt64? {
        let (seconds, attoseconds) = duration.components
        guard duration > .zero, seconds < 3_155_760_000 else { return nil }
        return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}
