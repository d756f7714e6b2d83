// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
    import BerthTestSupport
    import Foundation
    import Testing

    @Suite("Waiters that sleep")
    struct LockSleepTests {
        private let scene: LockScene

        init() throws {
            scene = try LockScene()
        }

        /// How often a process has gone to sleep, or been put off.
        private func switches(_ process: BerthProcess) throws -> [Substring] {
            let path = "/proc/\(process.identifier)/status"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            return text.split(separator: "\n").filter { $0.contains("ctxt_switches") }
        }

        /// Exclusive, shared, for slots and for a process: once asleep, no
        /// waiter runs before its turn.
        @Test(arguments: [[], ["-s"], ["--slots", "1"]])
        func sleepersDoNotRun(mode: [String]) async throws {
            let isSlots = mode.contains("--slots")
            let holder = try await scene.hold(["lock", "a"] + (isSlots ? mode : []))
            var waiters: [BerthProcess] = []
            for _ in 0..<8 {
                waiters.append(try await scene.startWaiter(["lock", "a"] + mode))
            }
            // A while to fall asleep, then one to be seen asleep.
            #expect(try await scene.run("locks", "a", "--until-free", "-w", "1s").status == 124)
            let before = try waiters.map { try switches($0) }
            #expect(try await scene.run("locks", "a", "--until-free", "-w", "2s").status == 124)
            #expect(try waiters.map { try switches($0) } == before)
            #expect(before.allSatisfy { $0.count == 2 })
            holder.send(SIGTERM)
            for waiter in waiters { #expect(await waiter.outcome().output == "got it\n") }
        }
    }
#endif
