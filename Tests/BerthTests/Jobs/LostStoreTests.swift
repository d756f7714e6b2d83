// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Foundation
import Synchronization
import Testing

@testable import Berth

/// Whoever sleeps in a store that is moved or removed hears of it.
@Suite("Sleepers whose store is taken away")
struct LostStoreTests {
    private static let patience = Duration.seconds(300)

    private let store: TemporaryStore
    private let berth: Coordinator
    private let queue: JobQueue<Int>
    private let events = HeardEvents()
    private let manager = FileManager.default

    init() throws {
        store = try TemporaryStore()
        berth = try Coordinator.open(
            at: store.path, durability: .process, onEvent: { [events] in events.note($0) })
        queue = berth.queue("q")
    }

    private func waitForBells(_ count: Int = 1) async {
        while (try? manager.contentsOfDirectory(atPath: store.path + "/bells"))?.count ?? 0 < count
        {
            await Task.yield()
        }
    }

    private var isThere: Bool { manager.fileExists(atPath: store.path) }

    @Test func anIdleWorkerGoesOnInTheStoreThatIsMadeAnew() async throws {
        let rows = Mutex<[Int]>([])
        let queue = queue
        let worker = Task {
            try await queue.run(concurrency: 1) { job in
                rows.withLock { $0.append(job.payload) }
            }
        }
        try await queue.enqueue(1)
        _ = try await berth.jobs.wait(for: .emptyQueue("q"), timeout: Self.patience)
        try manager.removeItem(atPath: store.path)
        // Told of it though it slept, and tries again without making a store.
        _ = await events.isRetried.wait()
        #expect(!isThere)
        let id = try await queue.enqueue(2).id
        _ = try await berth.jobs.wait(
            for: .jobs([id], states: [.completed]), timeout: Self.patience)
        #expect(rows.withLock { $0 } == [1, 2])
        worker.cancel()
        try await worker.value
        let attempts = events.all(.storeRetried).map { $0["attempt"] }
        #expect(attempts == (1...attempts.count).map { .number(Int64($0)) })
    }

    @Test func aJobThatRunsIsCompletedOnceWhereItsStoreComesBack() async throws {
        let (isUp, mayEnd) = (Event<Bool>(), Event<Bool>())
        let runs = Mutex(0)
        let queue = queue
        let id = try await queue.enqueue(1).id
        let worker = Task {
            try await queue.run(concurrency: 1) { _ in
                runs.withLock { $0 += 1 }
                isUp.set(true)
                _ = await mayEnd.wait()
            }
        }
        _ = await isUp.wait()
        let away = store.directory + "/away"
        try manager.moveItem(atPath: store.path, toPath: away)
        _ = await events.isRetried.wait()
        mayEnd.set(true)
        try manager.moveItem(atPath: away, toPath: store.path)
        _ = try await berth.jobs.wait(
            for: .jobs([id], states: [.completed]), timeout: Self.patience)
        #expect(runs.withLock { $0 } == 1)
        #expect(try await berth.jobs.job(id)?.attempt == 1)
        worker.cancel()
        try await worker.value
        #expect(events.count(.jobLost) == 0)
    }

    @Test func aWorkerIsStoppedWhereItsStoreIsGone() async throws {
        let queue = queue
        let worker = Task { try await queue.run(concurrency: 1) { _ in } }
        await waitForBells(3)
        try manager.removeItem(atPath: store.path)
        _ = await events.isRetried.wait()
        worker.cancel()
        try await worker.value
        #expect(!isThere)
    }

    @Test func aWaitForAJobEndsWithItsStore() async throws {
        let id = try await queue.enqueue(1).id
        let waiting = Task { try await berth.jobs.wait(for: .jobs([id], states: nil)) }
        await waitForBells()
        try manager.removeItem(atPath: store.path)
        await #expect {
            _ = try await waiting.value
        } throws: {
            ($0 as? CoordinatorError)?.code == .moved
        }
        #expect(!isThere)
    }

    @Test(arguments: [false, true])
    func whoFollowsALogIsToldThatItsStoreIsGone(isThereALog: Bool) async throws {
        let id = try await queue.enqueue(1).id
        if isThereALog {
            let log = try JobLog.open(id, in: store.path)
            try FileCalls.writeAll(log, Array("up".utf8), at: 0)
            FileCalls.close(log)
        }
        let (follower, isUp) = (LogFollower(id, berth.jobs), Event<Bool>())
        let following = Task {
            try await berth.onThread {
                try follower.run(following: true) { _ in
                    isUp.set(true)
                    return true
                }
            }
        }
        if isThereALog { _ = await isUp.wait() }
        await waitForBells()
        let remover = try BerthProcess.startShell("rm -rf \(store.path)", store: store)
        #expect(await remover.outcome().status == 0)
        await #expect {
            try await following.value
        } throws: {
            ($0 as? CoordinatorError)?.code == .moved
        }
        #expect(!isThere)
    }

    @Test func aClaimGoesOnWaitingInTheStoreThatComesInPlaceOfItsOwn() async throws {
        let claiming = Task { try await berth.jobs.claim(from: "q", timeout: Self.patience) }
        await waitForBells()
        let other = store.directory + "/other"
        do {
            let berth = try Coordinator.open(at: other, durability: .process)
            try await berth.jobs.pause("unused")
        }
        // At one moment, as one who restores a backup would.
        try manager.moveItem(atPath: store.path, toPath: store.directory + "/old")
        try manager.moveItem(atPath: other, toPath: store.path)
        let id = try await queue.enqueue(7).id
        #expect(try await claiming.value.map(\.id) == [id])
    }
}
