// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

extension ProcessTests {
    @Suite("Workers that are started in passing")
    struct JobStartTests {
        private let store: TemporaryStore

        init() throws {
            store = try TemporaryStore()
        }

        private func berth(_ words: [String]) async throws -> BerthProcess.Outcome {
            try await BerthProcess.run(words, store: store)
        }

        private func completes(_ id: Int) async throws -> Bool {
            try await berth(["job", "wait", "\(id)", "-w", "60"]).status == 0
        }

        @Test func aWorkerOfOtherKindsDoesNotKeepACommandWaiting() async throws {
            let other = try BerthProcess.startShell(
                "exec berth-test-worker hold-jobs q", store: store)
            _ = try await berth(["job", "add", "q", "--payload", "1"])
            #expect(await other.hasPrinted("started 1 1"))
            #expect(try await berth(["job", "add", "q", "true"]).output == "2\n")
            #expect(try await completes(2))
        }

        @Test func aWorkerThatIsToldToStopDoesNotKeepACommandWaiting() async throws {
            let go = store.directory + "/go"
            let script = "mkfifo \(go); echo up; read line <\(go)"
            _ = try await berth(["job", "add", "--no-start", "q", "sh", "-c", script])
            let worker = try BerthProcess.start(["-v", "work", "q"], store: store)
            let follower = try BerthProcess.start(["job", "log", "-f", "1"], store: store)
            #expect(await follower.hasPrinted("up"))
            worker.send(SIGTERM)
            #expect(await worker.hasComplained("worker.stopping running=1"))
            #expect(try await berth(["job", "add", "q", "true"]).output == "2\n")
            #expect(try await completes(2))
            try "x\n".write(toFile: go, atomically: false, encoding: .utf8)
            #expect(await worker.exitStatus() == 0)
            #expect(try await completes(1))
        }

        @Test func commandsThatWaitGoOnWhenTheirQueueIsResumed() async throws {
            _ = try await berth(["job", "pause", "q"])
            _ = try await berth(["job", "add", "q", "true"])
            // The worker has found nothing that it may do, and has ended.
            #expect(try await berth(["job", "resume", "--no-start", "q"]).status == 0)
            #expect(try await berth(["job", "pause", "q"]).status == 0)
            #expect(try await berth(["job", "resume", "q"]).status == 0)
            #expect(try await completes(1))
        }

        @Test(arguments: [["job", "retry", "1"], ["job", "redrive", "q"], ["job", "redrive"]])
        func aCommandThatIsTriedOnceMoreRuns(words: [String]) async throws {
            let done = store.directory + "/done"
            let script = "[ -e \(done) ] || { touch \(done); exit 1; }"
            _ = try await berth(["job", "add", "q", "sh", "-c", script])
            #expect(try await berth(["job", "wait", "1", "-w", "60"]).status == 1)
            #expect(try await berth(words).status == 0)
            #expect(try await completes(1))
        }

        /// A job that is added while the last worker of its queue is ending is
        /// either seen by that one, or sees that it is gone.
        @Test func noCommandIsLeftBehindByAWorkerThatIsEnding() async throws {
            for number in 1...40 {
                #expect(try await berth(["job", "add", "q", "true"]).output == "\(number)\n")
                if number % 3 == 0 { #expect(try await completes(number)) }
            }
            #expect(try await berth(["job", "wait", "--queue", "q", "-w", "60"]).status == 0)
        }
    }
}
