// SPDX-License-Identifier: Apache-2.0

import BerthStore
import Synchronization

/// How often a process that is busy with jobs looks for claims that have ended:
/// deaths it hears of, and the rest is not worth a look at every turn.
final class RescuePace: Sendable {
    private struct State {
        /// From when on each occasion is one to look: claims that have come
        /// since the last look may end sooner than those that were seen.
        var due = Deadline(after: .zero)
        /// When a claim that was seen may end without being heard of.
        var next: Deadline?
    }

    private let state = Mutex(State())

    private static var interval: Duration { .milliseconds(500) }

    /// Whether it is time to look.
    var isDue: Bool {
        state.withLock { $0.due.isPast || $0.next?.isPast ?? false }
    }

    /// Notes a look.
    ///
    /// - Parameter next: When a claim may end next.
    func note(next: Deadline?) {
        state.withLock { $0 = State(due: Deadline(after: Self.interval), next: next) }
    }

    /// Makes the next occasion one to look.
    func reset() {
        state.withLock { $0 = State() }
    }

    /// When one who did not look has to, at the latest.
    var next: Deadline? {
        state.withLock { Deadline.sooner($0.due, $0.next) }
    }
}
