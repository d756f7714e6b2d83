// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Testing

@testable import BerthStore

@Suite struct MergePolicyTests {
    private let limits = StoreLimits()
    private static let kib = 1024

    private func free(_ sizes: [Int]) -> [MergePolicy.Candidate] {
        sizes.map { MergePolicy.Candidate(size: $0 * Self.kib) }
    }

    private func fold(_ sizes: [Int], busy: Range<Int> = 0..<0) -> Int {
        var runs = free(sizes)
        for index in busy { runs[index].isFree = false }
        return MergePolicy.newestToFold(runs, incoming: 100 * Self.kib, limits)
    }

    @Test func aRotationTakesInOnlyWhatCostsIt() {
        #expect(fold([]) == 0)
        #expect(fold([100, 100]) == 0)
        #expect(fold([100, 100, 100]) == 3)
        // 400 more is more than a rotation takes.
        #expect(fold([100, 100, 100, 400, 400]) == 3)
        #expect(fold([150, 250, 400, 400]) == 0)
        #expect(fold([1000, 100, 100, 100]) == 0)
        // Small ones are taken in as soon as there are enough.
        #expect(fold([10, 10, 10, 10, 10]) == 5)
    }

    @Test func aRotationLeavesTheInputsOfAMergeAlone() {
        #expect(fold([100, 100, 100], busy: 0..<1) == 0)
        #expect(fold([100, 100, 100, 100], busy: 3..<4) == 3)
    }

    @Test func tooManyRunsAreTakenInByRotations() {
        let many = Array(repeating: 4000, count: limits.maximumRuns)
        #expect(fold(many) == 1)
        #expect(fold(many.dropLast()) == 0)
        // What it took in before does not grow without end.
        #expect(fold([90, 180] + many.dropLast(2)) == 2)
        // The inputs of a merge keep their place: then there is one too many.
        #expect(fold(many, busy: many.indices) == 0)
        #expect(fold([100] + many, busy: 1..<25) == 1)
    }

    @Test func neighboursOfSimilarSizeAreMerged() {
        func groups(_ sizes: [Int], busy: Range<Int> = 0..<0) -> [Range<Int>] {
            var runs = free(sizes)
            for index in busy { runs[index].isFree = false }
            return MergePolicy.groupsToMerge(runs, limits)
        }
        #expect(groups([]) == [])
        #expect(groups([400, 400, 400]) == [])
        #expect(groups([400, 400, 400, 400]) == [0..<4])
        #expect(groups([100, 400, 400, 400, 400]) == [1..<5])
        // One that is larger than all newer together waits.
        #expect(groups([400, 400, 400, 400, 3000]) == [0..<4])
        #expect(groups([400, 400, 400, 400, 1600, 3200]) == [0..<6])
        #expect(groups([400, 400, 400, 400, 9000, 9000, 9000, 9000]) == [0..<4, 4..<8])
        // Never across an input of another merge.
        #expect(groups([400, 400, 400, 400, 400], busy: 2..<3) == [])
        #expect(groups([400, 400, 400, 400, 400], busy: 0..<1) == [1..<5])
    }

    /// A store grows, and every merge gets its name late.
    @Test(arguments: [0, 1, 3])
    func runsStayFewAndRewritesToo(lateness: Int) {
        var random = SeededRandom(seed: 7)
        /// From the newest to the oldest, each with the merge that has it.
        var runs: [(size: Int, merge: Int?)] = []
        var waiting: [(merge: Int, until: Int)] = []
        var (incoming, written, most) = (0, 0, 0)
        for step in 0..<4000 {
            for done in waiting where done.until <= step {
                guard let start = runs.firstIndex(where: { $0.merge == done.merge }) else {
                    Issue.record("the inputs of a merge are gone")
                    return
                }
                let end = runs[start...].firstIndex { $0.merge != done.merge } ?? runs.count
                let sum = runs[start..<end].reduce(0) { $0 + $1.size }
                runs.replaceSubrange(start..<end, with: [(sum, nil)])
            }
            waiting.removeAll { $0.until <= step }
            let size = Int.random(in: 60...130, using: &random) * Self.kib
            incoming += size
            func candidates() -> [MergePolicy.Candidate] {
                runs.map { MergePolicy.Candidate(size: $0.size, isFree: $0.merge == nil) }
            }
            let count = MergePolicy.newestToFold(candidates(), incoming: size, limits)
            let sum = runs[..<count].reduce(size) { $0 + $1.size }
            runs.replaceSubrange(..<count, with: [(sum, nil)])
            written += sum
            for group in MergePolicy.groupsToMerge(candidates(), limits) {
                for index in group { runs[index].merge = step * 100 + group.lowerBound }
                written += runs[group].reduce(0) { $0 + $1.size }
                waiting.append((step * 100 + group.lowerBound, step + 1 + lateness))
            }
            most = max(most, runs.count)
        }
        #expect(most <= 16)
        #expect(Double(written) / Double(incoming) <= 7)
    }
}
