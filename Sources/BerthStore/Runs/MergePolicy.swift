// SPDX-License-Identifier: Apache-2.0

/// Which runs are merged when: a pure function of their sizes.
///
/// Neighbours of similar size are merged once there are enough of them, so
/// that there are O(log n) runs, and each merge makes the run that a record is
/// in at least twice as large, so that it is rewritten O(log n) times. Order
/// is age: only neighbours may merge, or an older value could come to stand
/// before a newer one.
enum MergePolicy {
    /// A run, as far as the policy looks at it.
    struct Candidate: Hashable {
        /// In bytes.
        var size: Int
        /// Whether no merge that is under way, or waits for its name, has it.
        var isFree = true
    }

    /// How many of the newest runs a rotation takes into the one that it
    /// writes: so few bytes that nobody notices, and more only where there
    /// would be too many runs because no merge has kept up. From the newest
    /// run to the oldest.
    static func newestToFold(
        _ runs: [Candidate], incoming: Int, _ limits: StoreLimits
    ) -> Int {
        var count = 0
        var sum = incoming
        while count < runs.count, runs[count].isFree, isSimilar(runs[count].size, to: sum),
            sum - incoming + runs[count].size <= limits.foldBytes
        {
            sum += runs[count].size
            count += 1
        }
        while count > 0, runs[count - 1].size > sum - runs[count - 1].size {
            count -= 1
            sum -= runs[count].size
        }
        if count + 1 >= limits.fanIn { return count }
        return newestToMakeRoom(runs, incoming: incoming, limits)
    }

    /// Too many runs, because no merge has kept up: the newest ones are taken
    /// in, so that there are no more of them, and rotations grow slower and
    /// slower until a merge gets its name. A merge that is under way keeps its
    /// inputs: where all are taken, there is one run too many.
    private static func newestToMakeRoom(
        _ runs: [Candidate], incoming: Int, _ limits: StoreLimits
    ) -> Int {
        let surplus = runs.count + 1 - limits.maximumRuns
        guard surplus > 0 else { return 0 }
        var count = 0
        var sum = incoming
        while count < runs.count, runs[count].isFree,
            count < surplus
                || runs[count].size <= sum && sum + runs[count].size <= limits.smallMergeBytes
        {
            sum += runs[count].size
            count += 1
        }
        return count
    }

    /// The neighbours that are to be merged beside everything else, each group
    /// on its own. From the newest run to the oldest.
    static func groupsToMerge(_ runs: [Candidate], _ limits: StoreLimits) -> [Range<Int>] {
        var groups: [Range<Int>] = []
        var start = 0
        while start < runs.count {
            var end = start
            var sum = 0
            while end < runs.count, runs[end].isFree,
                end == start || isSimilar(runs[end].size, to: sum)
            {
                sum += runs[end].size
                end += 1
            }
            // What is larger than all newer together gains nothing yet.
            while end > start, runs[end - 1].size > sum - runs[end - 1].size {
                end -= 1
                sum -= runs[end].size
            }
            if end - start >= limits.fanIn {
                groups.append(start..<end)
                start = end
            } else {
                start += 1
            }
        }
        return groups
    }

    /// Whether a run belongs together with all that is newer.
    private static func isSimilar(_ size: Int, to newer: Int) -> Bool { size <= 2 * newer }
}
