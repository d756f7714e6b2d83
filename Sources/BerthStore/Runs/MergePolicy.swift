// SPDX-License-Identifier: Apache-2.0

/// Which runs are merged when: a pure function of their sizes.
///
/// Neighbours of similar size are merged once there are enough of them, so
/// that there are O(log n) runs and a record is rewritten O(log n) times.
/// Order is age: only neighbours may merge, or an older value could come to
/// stand before a newer one.
enum MergePolicy {
    /// How many of the newest runs are merged with the one that is about to
    /// be written. The sizes are in bytes, from the newest run to the oldest.
    static func newestToMerge(sizes: [Int], incoming: Int, _ limits: StoreLimits) -> Int {
        var group = 0
        var sum = incoming
        // A run belongs to the group while it is not more than twice as large
        // as all that is newer.
        while group < sizes.count, sizes[group] <= 2 * sum {
            sum += sizes[group]
            group += 1
        }
        if group + 1 >= limits.fanIn { return group }
        // Too many runs whatever their sizes: merge until one more fits.
        return max(0, sizes.count + 1 - limits.maximumRuns)
    }
}
