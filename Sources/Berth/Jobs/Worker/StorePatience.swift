// SPDX-License-Identifier: Apache-2.0

/// How a worker bears with a store that cannot be used for a while: it tries
/// again after pauses that grow, and gives up after some minutes.
struct StorePatience {
    /// How often in a row it has failed.
    private(set) var failures = 0

    /// How often in a row it may.
    static var most: Int { 30 }

    /// Whether the last try has failed.
    var isTried: Bool { failures > 0 }

    mutating func restore() {
        failures = 0
    }

    /// Notes a failure.
    ///
    /// - Parameters:
    ///   - error: Why.
    ///   - isBetweenStores: Whether the worker has lost its store: then another
    ///     may be about to take its place, and be found half of it.
    ///   - most: How often in a row it may fail.
    /// - Returns: How long to wait before the next try; nil where that is of no use.
    mutating func pause(
        after error: CoordinatorError, isBetweenStores: Bool, atMost most: Int = most
    ) -> Duration? {
        failures += 1
        guard failures <= most,
            error.isPassing || (isBetweenStores && error.code == .damaged)
        else { return nil }
        return .milliseconds(min(5000, 1 << min(failures + 2, 13)))
    }
}

extension CoordinatorError {
    /// Whether the machine has no room, descriptors or processes left.
    var isShortage: Bool { code == .noRoom || code == .exhausted }

    /// Whether the same may succeed later although nobody mends anything here.
    var isPassing: Bool {
        switch code {
        case .timedOut, .moved, .noRoom, .exhausted, .inputOutput, .indeterminate, .notFound:
            true
        default: false
        }
    }
}
