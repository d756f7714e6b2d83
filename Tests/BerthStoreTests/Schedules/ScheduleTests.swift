// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Foundation
import Synchronization
import Testing

/// Processes whose calls interleave, die and lose their machine as a seed will
/// have it: whatever anybody was told is true, and stays so.
///
/// `BERTH_SEEDS=FROM..<TO` gives the seeds; `Scripts/proof/schedules` does that,
/// and shows all of one seed.
@Suite struct ScheduleTests {
    private static let seeds: Range<UInt64> = {
        let text = ProcessInfo.processInfo.environment["BERTH_SEEDS"] ?? "1..<36001"
        let bounds = text.split(separator: "..<").compactMap { UInt64($0) }
        precondition(bounds.count == 2, "BERTH_SEEDS is FROM..<TO, not " + text)
        return bounds[0]..<bounds[1]
    }()

    @Test func everyScheduleIsExplainedByOneOrder() async throws {
        let work = SeedQueue(Self.seeds)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<ProcessInfo.processInfo.activeProcessorCount {
                group.addTask { try await Thread.run { try work.runAll() } }
            }
            try await group.waitForAll()
        }
        let failures = work.failures
        for (seed, texts) in failures.prefix(5) {
            Issue.record(
                """
                \(Schedule(seed: seed)): \(texts.prefix(3).joined(separator: "; "))
                Look at it with: Scripts/proof/schedules --seed \(seed)
                """)
        }
        #expect(failures.isEmpty, "\(failures.count) of \(Self.seeds.count) seeds")
        if Self.seeds.count == 1 { try show(Self.seeds.lowerBound) }
    }

    /// Prints every call of one schedule.
    private func show(_ seed: UInt64) throws {
        let baton = try Baton(threads: 4)
        defer { baton.close() }
        let run = ScheduleRun(Schedule(seed: seed), baton, isTracing: true)
        let failures = run.run()
        print(Schedule(seed: seed))
        for line in run.trace + failures { print(line) }
    }

    @Test func sameSeedMakesTheSameCallsWithTheSameBytes() async throws {
        try await Thread.run {
            let baton = try Baton(threads: 4)
            defer { baton.close() }
            var lengths: Set<Int> = []
            for seed in 1...60 as ClosedRange<UInt64> {
                let runs = [1, 2].map { _ in
                    ScheduleRun(Schedule(seed: seed), baton, isTracing: true)
                }
                for run in runs { _ = run.run() }
                #expect(runs[0].trace == runs[1].trace, "seed \(seed)")
                #expect(runs[0].finalBytes == runs[1].finalBytes, "seed \(seed)")
                lengths.insert(runs[0].trace.count)
            }
            #expect(lengths.count > 30, "different seeds make different schedules")
        }
    }
}

/// Seeds that several threads take from, and what they found.
private final class SeedQueue: Sendable {
    private let seeds: Range<UInt64>
    private let next: Mutex<UInt64>
    private let failed = Mutex<[UInt64: [String]]>([:])

    init(_ seeds: Range<UInt64>) {
        self.seeds = seeds
        next = Mutex(seeds.lowerBound)
    }

    var failures: [(UInt64, [String])] {
        failed.withLock { $0.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
    }

    /// Runs the schedules of seeds until none is left.
    func runAll() throws {
        let baton = try Baton(threads: 4)
        defer { baton.close() }
        while let seed = take() {
            let failures = ScheduleRun(Schedule(seed: seed), baton).run()
            if !failures.isEmpty { failed.withLock { $0[seed] = failures } }
        }
    }

    private func take() -> UInt64? {
        next.withLock { seed in
            guard seed < seeds.upperBound else { return nil }
            defer { seed += 1 }
            return seed
        }
    }
}
