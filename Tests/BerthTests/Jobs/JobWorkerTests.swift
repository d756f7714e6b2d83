// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Foundation
import Synchronization
import Testing

@testable import Berth

@Suite("Workers in Swift")
struct JobWorkerTests {
    /// Long: the other tests may leave a worker's tasks no thread for a while.
    private static let patience = Duration.seconds(300)

    private let store: TemporaryStore
    private let berth: Coordinator
    private let queue: JobQueue<Int>
    private let events = HeardEvents()

    init() throws {
        store = try TemporaryStore()
        berth = try Coordinator.open(
            at: store.path, durability: .process, onEvent: { [events] in events.note($0) })
        queue = berth.queue("q")
    }

    private var untilEmpty: JobQueue<Int>.Options {
        var options = JobQueue<Int>.Options()
        options.isUntilEmpty = true
        options.concurrency = 4
        return options
    }

    @Test func everyJobIsDoneOnce() async throws {
        try await queue.enqueue(Array(0..<100))
        let seen = Mutex<[Int]>([])
        try await queue.run(untilEmpty) { job in seen.withLock { $0.append(job.payload) } }
        #expect(seen.withLock { $0.sorted() } == Array(0..<100))
        #expect(try await berth.jobs.list().allSatisfy { $0.state == .completed })
        #expect(events.count(.jobCompleted) == 100 && events.count(.jobLost) == 0)
    }

    @Test func theSynchronousTwinDoesTheSame() throws {
        try queue.enqueue([1, 2, 3])
        let sum = Mutex(0)
        try queue.runUntilEmpty(concurrency: 2) { job in sum.withLock { $0 += job.payload } }
        #expect(sum.withLock { $0 } == 6)
    }

    @Test func whatABodyThrowsDecides() async throws {
        struct Failure: Error {}
        let ids = try await queue.enqueue(Array(0..<5)).map(\.id)
        let other = try await berth.jobs.enqueue(
            JobRequest(queue: "q", payload: Array("\"text\"".utf8))
        ).id
        let unknown = try await berth.jobs.enqueue(
            JobRequest(queue: "q", payload: [0x31], kind: "unknown")
        ).id
        let worker = Task {
            try await queue.run { job in
                switch job.payload {
                case 0: throw Failure()
                case 1: throw JobControl.snooze(for: .seconds(600))
                case 2: throw JobControl.giveUp("not needed")
                case 3: throw JobControl.discard("never")
                default: try await job.complete(output: Array("7".utf8))
                }
            }
        }
        let states: [(JobID, JobState)] = [
            (ids[0], .retryable), (ids[1], .scheduled), (ids[2], .cancelled), (ids[3], .discarded),
            (ids[4], .completed), (other, .retryable),
        ]
        for (id, state) in states {
            _ = try await berth.jobs.wait(for: .jobs([id], states: [state]), timeout: Self.patience)
        }
        #expect(try await berth.jobs.output(of: ids[4]) == Array("7".utf8))
        #expect(try await berth.jobs.job(unknown)?.state == .available)
        #expect(try await berth.jobs.job(other)?.failures.count == 1)
        worker.cancel()
        try await worker.value
        #expect(events.count(.jobRetried) == 2 && events.count(.jobDiscarded) == 1)
    }

    @Test func aCancelledWorkerHandsItsJobsBack() async throws {
        let id = try await queue.enqueue(1).id
        let isUp = Event<Bool>()
        var options = JobQueue<Int>.Options()
        options.grace = .zero
        let worker = Task { [options] in
            try await queue.run(options) { _ in
                isUp.set(true)
                try await Task.sleep(for: .seconds(3600))
            }
        }
        _ = await isUp.wait()
        worker.cancel()
        try await worker.value
        let job = try #require(try await berth.jobs.job(id))
        #expect(job.state == .available && job.attempt == 0 && job.failures.isEmpty)
    }

    @Test func aJobThatTakesTooLongIsCancelledAndTriedAgain() async throws {
        let id = try await queue.enqueue(1) { $0.timeout = .milliseconds(20) }.id
        let worker = Task {
            try await queue.run(concurrency: 1) { _ in
                try await Task.sleep(for: .seconds(3600))
            }
        }
        _ = try await berth.jobs.wait(
            for: .jobs([id], states: [.retryable]), timeout: Self.patience)
        #expect(
            try await berth.jobs.job(id)?.failures.map(\.message) == ["it took longer than it may"])
        worker.cancel()
        try await worker.value
    }

    @Test func aRunningJobIsCancelledByAnybody() async throws {
        let id = try await queue.enqueue(1).id
        let isUp = Event<Bool>()
        let worker = Task {
            try await queue.run(concurrency: 1) { _ in
                isUp.set(true)
                try await Task.sleep(for: .seconds(3600))
            }
        }
        _ = await isUp.wait()
        #expect(try await berth.jobs.cancel(id) == .requested)
        _ = try await berth.jobs.wait(
            for: .jobs([id], states: [.cancelled]), timeout: Self.patience)
        worker.cancel()
        try await worker.value
    }

    @Test func claimsComeAsJobsDo() async throws {
        let consumer = Task {
            var payloads: [Int] = []
            for try await job in queue.claims(limit: 10) {
                payloads.append(job.payload)
                try await job.complete()
                if payloads.count == 5 { break }
            }
            return payloads
        }
        for number in 1...5 { try await queue.enqueue(number) }
        #expect(try await consumer.value == [1, 2, 3, 4, 5])
        #expect(try await berth.jobs.queues().first?.count(.completed) == 5)
    }

    @Test func aJobThatIsLetGoIsHandedBack() async throws {
        let id = try await queue.enqueue(1).id
        for try await _ in queue.claims() { break }
        _ = try await berth.jobs.wait(
            for: .jobs([id], states: [.available]), timeout: Self.patience)
    }

    // MARK: The four cases that are documented

    @Test func schedulersThatRaceScheduleEachMonthOnce() async throws {
        let months = (1...12).map { "2020-\($0)" }
        try await withThrowingTaskGroup { group in
            for _ in 0..<5 {
                group.addTask {
                    for (number, month) in months.enumerated() {
                        // Candidate, mark and hand-over are one transaction.
                        try await berth.transaction { transaction in
                            guard try transaction.value(forKey: month) == nil else { return }
                            try transaction.setValue(Array("true".utf8), forKey: month)
                            _ = try transaction.enqueue(queue.request(number, key: month))
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await berth.jobs.list().map(\.key) == months)
        // A hand-over that fails rolls the mark back.
        struct Failure: Error {}
        await #expect(throws: Failure.self) {
            try await berth.transaction { transaction in
                try transaction.setValue(Array("true".utf8), forKey: "2021-1")
                throw Failure()
            }
        }
        #expect(try await berth.values.value(forKey: "2021-1") == nil)
    }

    @Test func fiveLoopsNeverProcessARowTwice() async throws {
        try await queue.enqueue(Array(0..<60))
        let rows = Rows()
        let (queue, options) = (queue, untilEmpty)
        try await withThrowingTaskGroup { group in
            for _ in 0..<5 {
                group.addTask { try await queue.run(options) { job in rows.note(job.payload) } }
            }
            try await group.waitForAll()
        }
        #expect(rows.all.sorted() == Array(0..<60))
    }

    /// What was worked on.
    private final class Rows: Sendable {
        private let rows = Mutex<[Int]>([])

        func note(_ row: Int) { rows.withLock { $0.append(row) } }
        var all: [Int] { rows.withLock { $0 } }
    }

    @Test func aWorkerGoesOnInTheStoreThatComesInPlaceOfItsOwn() async throws {
        let rows = Rows()
        let (queue, isUp, mayEnd) = (queue, Event<Bool>(), Event<Bool>())
        let old = try await queue.enqueue(1).id
        let worker = Task {
            try await queue.run(concurrency: 2) { job in
                rows.note(job.payload)
                if job.payload == 1 {
                    isUp.set(true)
                    _ = await mayEnd.wait()
                }
            }
        }
        _ = await isUp.wait()
        let other = store.directory + "/other"
        do {
            // Closed before it is moved: a process knows a store by one path.
            let berth = try Coordinator.open(at: other, durability: .process)
            try await berth.jobs.pause("q")
            #expect(try await berth.queue("q", of: Int.self).enqueue(2).id == old)
        }
        let manager = FileManager.default
        try manager.moveItem(atPath: store.path, toPath: store.directory + "/old")
        try manager.moveItem(atPath: other, toPath: store.path)
        // The end of the old job does not touch the new one of its number.
        mayEnd.set(true)
        let next = try await queue.enqueue(3).id
        try await berth.jobs.resume("q")
        for id in [old, next] {
            _ = try await berth.jobs.wait(
                for: .jobs([id], states: [.completed]), timeout: Self.patience)
        }
        #expect(rows.all.sorted() == [1, 2, 3])
        worker.cancel()
        try await worker.value
        #expect(events.count(.jobLost) == 1)
    }

    @Test func aLongCycleHoldsItsLockWhileItsWorkCommits() async throws {
        try await berth.withLock("poll") { _ in
            for cycle in 0..<3 {
                let id = try await queue.enqueue(cycle).id
                let job = try #require(try await berth.jobs.claim(from: "q").first)
                let token = try #require(job.claim?.token)
                #expect(job.id == id)
                try await berth.transaction { transaction in
                    try transaction.setValue(Array("\(cycle)".utf8), forKey: "cycle")
                    try transaction.completeJob(id, token: token)
                }
                // Each part is in force before the cycle is over.
                #expect(try await berth.values.value(forKey: "cycle")?.text == "\(cycle)")
                #expect(try await berth.tryLock("poll") == nil)
            }
        }
    }
}
