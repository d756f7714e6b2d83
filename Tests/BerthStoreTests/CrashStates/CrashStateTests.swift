// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Testing

@Suite struct CrashStateTests {
    @Test func everyCrashLeavesAWholeStore() async throws {
        let tally = CrashTally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for durability in [Durability.full, .strict, .process] {
                for start in StartingStore.allCases {
                    group.addTask {
                        var explorer = CrashExplorer(
                            start, durability, tally, cutsToGoOnFrom: 28, samples: 16)
                        try explorer.run()
                    }
                }
            }
            try await group.waitForAll()
        }
        print(tally.states, tally.failures.count)
        for failure in tally.failures.prefix(12) { Issue.record("\(failure)") }
    }
}
