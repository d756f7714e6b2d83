// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

@Suite("Waits that would never end")
struct LockDeadlockTests {
    private let scene: LockScene

    init() throws {
        scene = try LockScene()
    }

    @Test func circleOfWaitsIsBrokenByOneWhichNamesIt() async throws {
        let go = scene.store.directory + "/go"
        // Each holds one lock, waits until all do, and asks for the next one's.
        var members: [BerthProcess] = []
        for (own, next) in [("a", "b"), ("b", "c"), ("c", "a")] {
            let script = """
                echo in; while [ ! -e \(go) ]; do sleep 0.01; done
                berth lock \(next) -- echo got \(next); echo "then $?"
                """
            let member = try BerthProcess.start(
                ["lock", own, "--", "sh", "-c", script], store: scene.store)
            #expect(await member.hasPrinted("in"))
            members.append(member)
        }
        _ = FileManager.default.createFile(atPath: go, contents: nil)
        var refused = 0
        for member in members {
            let outcome = await member.outcome()
            #expect(outcome.status == 0)
            if outcome.output.contains("then 75") {
                refused += 1
                #expect(outcome.errors.contains("would never end"))
                for name in ["a", "b", "c"] {
                    #expect(outcome.errors.contains("waits for '\(name)'"))
                }
            } else {
                #expect(outcome.output.contains("then 0"))
            }
        }
        #expect(refused == 1)
    }

    @Test func lockOfAnAncestorIsEnteredAgainOnlyIfAsked() async throws {
        let outcome = try await scene.run(
            "lock", "a", "--", "berth", "lock", "b", "--", "sh", "-c",
            """
            berth lock a --reentrant -- sh -c 'echo again $BERTH_TOKEN; berth locks a >/dev/null'
            echo "$?"
            berth lock a --reentrant --and c -- sh -c 'echo both $BERTH_TOKEN'
            berth lock a -n true; echo "$?"; berth locks a --check 1; echo "still held $?"
            """)
        #expect(outcome.output == "again 1\n0\nboth 1\n75\nstill held 0\n")
    }

    /// A program that uses the library knows the locks it is run under as the
    /// command does.
    @Test func libraryKnowsTheLocksOfItsAncestors() async throws {
        let worker = ["--", "berth-test-worker", "nest", "a"]
        for options in [[], ["--ttl", "1m"]] {
            let outcome = try await BerthProcess.run(
                ["lock", "a"] + options + worker, store: scene.store)
            #expect(outcome.output.hasPrefix("refused\ninside a "))
            #expect(outcome.output.hasSuffix("\nheld\n"))
            #expect(outcome.status == 0)
        }
        let other = try await BerthProcess.run(["lock", "b"] + worker, store: scene.store)
        #expect(other.output == "alone 3\ninside a 4\nfree\n")
    }

    @Test func sharedLockOfAnAncestorDoesNotCoverAnExclusiveOne() async throws {
        let outcome = try await scene.run(
            "lock", "-s", "a", "--", "sh", "-c",
            """
            berth lock a --reentrant -s -- echo shared
            berth lock a --reentrant -- echo exclusive; echo "$?"
            """)
        #expect(outcome.output == "shared\n75\n")
    }

    @Test func entryOfALockThatIsOverDoesNotCount() async throws {
        let outcome = try await scene.shell(
            """
            export BERTH_HELD=$(berth lock a -- sh -c 'echo $BERTH_HELD')
            berth lock a -- echo free
            """)
        #expect(outcome.output == "free\n")
    }

    /// Every philosopher takes the fork at the left, then the one at the right:
    /// whoever is refused puts the first down and begins anew. All of them eat.
    @Test func philosophersOfManyProcessesAllEat() async throws {
        let store = scene.store
        let script = """
            meals=0; while [ $meals -lt 4 ]; do
              berth lock fork$1 -- berth lock fork$2 -- true && meals=$((meals + 1))
            done
            """
        try await withThrowingTaskGroup(of: Int32.self) { group in
            for seat in 0..<3 {
                group.addTask {
                    let process = try BerthProcess.startShell(
                        "set -- \(seat) \((seat + 1) % 3); " + script, store: store)
                    return await process.exitStatus()
                }
            }
            for try await status in group { #expect(status == 0) }
        }
    }
}
