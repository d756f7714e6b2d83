// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Synchronization
import Testing

@Suite struct CrashStateTests {
    @Test func everyCrashLeavesAWholeStore() async throws {
        let tally = CrashTally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for durability in [Durability.strict, .process] {
                for start in [StartingStore.run] {
                    group.addTask {
                        var explorer = CrashExplorer(
                            start, durability, tally, crashesToGoOnFrom: 3)
                        try explorer.run([.set])
                    }
                }
            }
            try await group.waitForAll()
        }
        print(tally.checks.load(ordering: .relaxed), tally.states, tally.failures.count)
        for failure in tally.failures.prefix(12) { Issue.record("\(failure)") }
    }
}
