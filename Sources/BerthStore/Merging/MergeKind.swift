// SPDX-License-Identifier: Apache-2.0

/// The two kinds of merges. One of each may be under way in a store, so that
/// a large one never keeps the small ones waiting.
package enum MergeKind: String, CaseIterable, Hashable, Sendable {
    /// Over in a moment.
    case small
    /// Of more than ``StoreLimits/smallMergeBytes``.
    case large

    /// The file whose `flock` the merger holds. It is empty, and never
    /// unlinked, renamed or truncated: its name comes back.
    var lockName: String { StoreDirectory.mergePrefix + rawValue + ".lock" }
}
