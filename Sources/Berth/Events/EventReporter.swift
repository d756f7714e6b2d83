// SPDX-License-Identifier: Apache-2.0

/// Where the library tells its events: nowhere, unless somebody listens.
///
/// Whoever reports holds no lock of the store, and no gate: what is called is
/// a user's.
package struct EventReporter: Sendable {
    private let handler: Coordinator.EventHandler?

    package init(_ handler: Coordinator.EventHandler? = nil) {
        self.handler = handler
    }

    /// Whether anybody listens. What costs something to find out is found out
    /// only then.
    package var isHeard: Bool { handler != nil }

    package func report(
        _ kind: Coordinator.Event.Kind, _ details: @autoclosure () -> [Coordinator.Event.Detail]
    ) {
        handler?(Coordinator.Event(kind, details()))
    }
}
