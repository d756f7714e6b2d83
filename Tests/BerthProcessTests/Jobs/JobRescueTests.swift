// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore
import BerthTestSupport
import Foundation
import Testing

extension ProcessTests {
    @Suite("Jobs whose workers die")
    struct JobRescueTests {
        private let store: TemporaryStore
        private let berth: Coordinator

        init() throws {
            store = try TemporaryStore()
            berth = try Coordinator.open(at: store.path)
        }

        private func start(_ words: String) throws -> BerthProcess {
            try BerthProcess.startShell("exec berth-test-worker " + words, store: store)
        }

        @Test func aKilledWorkersJobsGoToAnotherAtOnce() async throws {
            let queue = berth.queue("q", of: Int.self)
            let first = try start("hold-jobs q")
            let ids = try await queue.enqueue([1, 2, 3]).map(\.id)
            for id in ids { #expect(await first.hasPrinted("started \(id) 1")) }
            let second = try start("hold-jobs q")
            let another = try await queue.enqueue(4).id
            let owner = try #require(
                try await berth.jobs.wait(
                    for: .jobs([another], states: [.running])
                ).first?.claim?.process)
            if owner == second.identifier { #expect(await second.hasPrinted("started 4 1")) }
            // The one that watches over the first sleeps until that one dies.
            first.send(SIGKILL)
            for id in ids { #expect(await second.hasPrinted("started \(id) 1")) }
            for id in ids {
                let job = try #require(try await berth.jobs.job(id))
                #expect(job.rescues == 1 && job.attempt == 1)
                #expect(
                    job.failures.map(\.message) == ["its worker, process \(first.identifier), died"]
                )
            }
        }

        @Test func theDeathOfAProcessThatClaimedByHandWakesWhoSleeps() async throws {
            try await berth.jobs.enqueue(JobRequest(queue: "q", payload: Array("1".utf8)))
            let script = "berth job claim q --for-pid $$; exec tail -f /dev/null"
            let first = try BerthProcess.startShell(script, store: store)
            #expect(await first.hasPrinted("1 "))
            let other = try BerthProcess.start(["job", "claim", "q", "-w", "60"], store: store)
            // It sleeps: nobody will add a job.
            let bells = store.path + "/bells"
            while (try? FileManager.default.contentsOfDirectory(atPath: bells))?.isEmpty ?? true {
                await Task.yield()
            }
            first.send(SIGKILL)
            #expect(await other.outcome().output.hasPrefix("1 "))
            let job = try #require(try await berth.jobs.list().first)
            #expect(job.rescues == 1 && job.state == .running)
        }

        @Test func aStoppedWorkerThatLostItsJobIsToldAndChangesNothing() async throws {
            let worker = try start("hold-jobs q")
            let id = try await berth.queue("q", of: Int.self).enqueue(1).id
            #expect(await worker.hasPrinted("started \(id) 1"))
            worker.send(SIGSTOP)
            // Stopped is not dead.
            #expect(try await berth.jobs.rescue() == 0)
            // Somebody takes the job by hand.
            let token = try #require(try await berth.jobs.job(id)?.claim?.token)
            _ = try await berth.transaction { try $0.releaseJob(id, token: token) }
            let taken = try await berth.jobs.claim(from: "q")
            #expect(taken.map(\.id) == [id])
            worker.send(SIGCONT)
            let mine = try #require(taken.first?.claim?.token)
            _ = try await berth.transaction { try $0.completeJob(id, token: mine) }
            worker.send(SIGTERM)
            _ = await worker.exitStatus()
            #expect(try await berth.jobs.job(id)?.state == .completed)
        }

        @Test func noJobIsLostOrDoneTwiceWhileWorkersAreKilled() async throws {
            let directory = try store.makeDirectory("locks")
            // The long form: BERTH_TEST_JOBS=10000 swift test --filter JobRescueTests
            let wish = ProcessInfo.processInfo.environment["BERTH_TEST_JOBS"]
            let count = wish.flatMap { Int($0) } ?? 240
            let ids = try await berth.queue("q", of: Int.self).enqueue(Array(0..<count)).map(\.id)
            var workers = try (0..<(count > 1000 ? 8 : 4)).map { _ in
                try start("count q \(directory)")
            }
            let waiting = Task { try await berth.jobs.wait(for: .emptyQueue("q")) }
            let isDone = Event<Bool>()
            Task {
                _ = try? await waiting.value
                isDone.set(true)
            }
            var killed = 0
            while isDone.value == nil {
                // A few jobs further, one more worker is killed at work.
                let victim = killed % workers.count
                try await Task.sleep(for: .milliseconds(100))
                workers[victim].send(SIGKILL)
                _ = await workers[victim].exitStatus()
                #expect(await !workers[victim].hasPrinted("overlap"))
                workers[victim] = try start("count q \(directory)")
                killed += 1
            }
            for worker in workers {
                worker.send(SIGKILL)
                #expect(await !worker.hasPrinted("overlap"))
            }
            let jobs = try await berth.jobs.list()
            #expect(jobs.map(\.id) == ids)
            // A job that was at work five times when its worker was killed is
            // given up, as it should be; here that has to be bad luck.
            #expect(jobs.allSatisfy { $0.state == .completed })
            let counts = try await berth.values.list(prefix: "done/")
            #expect(counts.count == count && counts.allSatisfy { $0.text == "1" })
            #expect(killed > 0)
        }
    }
}
