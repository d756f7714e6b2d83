// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Synchronization

@testable import Berth

/// What a coordinator has told.
final class HeardEvents: Sendable {
    private let events = Mutex<[Coordinator.Event]>([])
    /// Happens when it is told that a store is tried again.
    let isRetried = Event<Bool>()

    func note(_ event: Coordinator.Event) {
        events.withLock { $0.append(event) }
        if event.kind == .storeRetried { isRetried.set(true) }
    }

    func all(_ kind: Coordinator.Event.Kind) -> [Coordinator.Event] {
        events.withLock { $0.filter { $0.kind == kind } }
    }

    func count(_ kind: Coordinator.Event.Kind) -> Int { all(kind).count }
}
