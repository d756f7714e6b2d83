// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Testing

@Suite struct CrashStateTests {
    /// Every sequence of at most two operations, over every starting store,
    /// ended at every step in every way that is told apart; and operations
    /// after the recovery from such an end, ended in turn.
    @Test func everyCrashLeavesAWholeStore() async throws {
        let tally = CrashTally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for durability in [Durability.full, .strict, .process] {
                for start in StartingStore.ordinary {
                    group.addTask {
                        var explorer = CrashExplorer(
                            start, durability, tally, cutsToGoOnFrom: 10, crashesToGoOnFrom: 2,
                            samples: 12)
                        try explorer.run()
                    }
                }
            }
            try await group.waitForAll()
        }
        for failure in tally.failures.prefix(12) { Issue.record("\(failure)") }
        #expect(tally.failures.isEmpty, "\(tally.failures.count) of \(tally.states) states")
        #expect(tally.states >= 200_000)
    }

    /// The same for stores whose runs are merged meanwhile: every step of a
    /// merge, of the rotation that names what it made, and of what follows.
    @Test func everyCrashOfAMergeLeavesAWholeStore() async throws {
        let tally = CrashTally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for durability in [Durability.full, .process] {
                for start in StartingStore.merging {
                    group.addTask {
                        var explorer = CrashExplorer(
                            start, durability, tally, cutsToGoOnFrom: 4, crashesToGoOnFrom: 1,
                            samples: 4)
                        try explorer.run([.merge, .rotation], third: [.merge, .rotation])
                    }
                }
            }
            try await group.waitForAll()
        }
        for failure in tally.failures.prefix(12) { Issue.record("\(failure)") }
        #expect(tally.failures.isEmpty, "\(tally.failures.count) of \(tally.states) states")
        #expect(tally.states >= 5000)
    }
}
