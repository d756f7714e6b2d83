// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Synchronization
import Testing

@testable import Berth

@Suite("What is told of jobs")
struct JobEventTests {
    private let store: TemporaryStore
    private let berth: Coordinator
    private let queue: JobQueue<Int>
    private let heard = HeardEvents()

    init() throws {
        store = try TemporaryStore()
        berth = try Coordinator.open(
            at: store.path, durability: .process, onEvent: { [heard] in heard.note($0) })
        queue = berth.queue("q")
    }

    private func names(_ event: Coordinator.Event?) -> [String] {
        event?.details.map(\.name) ?? []
    }

    @Test func anAttemptTellsHowLongEachPartOfItTook() throws {
        try queue.enqueue([1, 2])
        try queue.runUntilEmpty { job in
            if job.payload == 2 && job.attempt == 1 {
                throw JobControl.retry(after: .milliseconds(1), "not yet")
            }
        }
        let completed = try #require(heard.all(.jobCompleted).first)
        #expect(
            names(completed) == ["job", "queue", "attempt", "waited", "ran", "settled"])
        for name in ["waited", "ran", "settled"] {
            guard case .duration(let duration) = completed[name] else {
                Issue.record("\(name) is no duration")
                continue
            }
            #expect(duration >= .zero && duration < .seconds(300))
        }
        let retried = try #require(heard.all(.jobRetried).first)
        #expect(retried["error"] == .text("not yet"))
        #expect(names(retried).suffix(2) == ["error", "delay"])
        #expect(names(heard.all(.jobClaimed).first) == ["queue", "count", "skipped", "took"])
    }

    @Test func howABodyEndsItsAttemptItselfIsTold() throws {
        try queue.enqueue([1, 2, 3, 4])
        try queue.runUntilEmpty { job in
            switch job.payload {
            case 1 where job.job.snoozes == 0: try job.snooze(for: .zero)
            case 2 where job.attempt == 1: try job.fail("no", retryAfter: .zero)
            case 1...3: try job.complete()
            default:
                // Taken from it, and done by somebody else.
                try job.release()
                let again = try #require(try berth.jobs.claim(from: "q").first)
                _ = try berth.jobs.change("test") {
                    try $0.completeJob(again.id, token: again.lastToken)
                }
            }
        }
        #expect(heard.all(.jobReturned).map { $0["job"] } == [.number(1)])
        #expect(heard.all(.jobRetried).map { $0["job"] } == [.number(2)])
        let completed = heard.all(.jobCompleted).map { $0["job"] }
        #expect(Set(completed) == [.number(1), .number(2), .number(3)])
        #expect(completed.count == 3)
        #expect(heard.all(.jobLost).map { $0["job"] } == [.number(4)])
    }

    @Test func aLoopOfClaimsTellsTheSameAsAWorker() async throws {
        try await queue.enqueue([1, 2])
        var left = 2
        for try await job in queue.claims(limit: 2) {
            if job.payload == 1 { try await job.complete() } else { try await job.fail("no") }
            left -= 1
            if left == 0 { break }
        }
        #expect(heard.all(.jobClaimed).map { $0["count"] } == [.number(2)])
        #expect(heard.all(.jobCompleted).map { $0["job"] } == [.number(1)])
        #expect(heard.all(.jobRetried).map { $0["error"] } == [.text("no")])
    }

    @Test func aWorkerEndsWhereOnlyAPausedGroupIsLeft() throws {
        try queue.enqueue(1) { $0.group = "a" }
        try queue.enqueue(2) { $0.group = "b" }
        try berth.jobs.pause("q", group: "a")
        let seen = Mutex<[Int]>([])
        try queue.runUntilEmpty { job in seen.withLock { $0.append(job.payload) } }
        #expect(seen.withLock { $0 } == [2])
        #expect(heard.all(.jobClaimed).contains { $0["skipped"] == .number(1) })
        try berth.jobs.resume("q", group: "a")
        try queue.runUntilEmpty { job in seen.withLock { $0.append(job.payload) } }
        #expect(seen.withLock { $0 } == [2, 1])
    }
}
