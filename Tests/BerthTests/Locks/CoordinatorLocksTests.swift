// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Testing

@testable import Berth

@Suite("Locks of the library")
struct CoordinatorLocksTests {
    private let store: TemporaryStore
    private let berth: Coordinator

    init() throws {
        store = try TemporaryStore()
        berth = try Coordinator.open(at: store.path)
    }

    private struct Failure: Error {}

    private func isFree() throws -> Bool {
        guard let lock = try berth.tryLock("a") else { return false }
        lock.release()
        return true
    }

    @Test func bodyRunsUnderTheLock() throws {
        let token = try berth.withLock("a") { lock in
            #expect(lock.name == "a")
            let isFreeMeanwhile = try isFree()
            #expect(!isFreeMeanwhile)
            return lock.token
        }
        #expect(token == 1)
        #expect(try isFree())
    }

    /// The compiler warns where the twin that blocks is chosen.
    @Test func taskIsNotBlockedForABodyThatDoesNotWait() async throws {
        let token = try await berth.withLock("a") { $0.token }
        let names = try await berth.withLocks(["b", "a"]) { $0.names }
        #expect(token == 1)
        #expect(names == ["a", "b"])
    }

    @Test func lockIsGivenBackWhenTheBodyThrows() throws {
        #expect(throws: Failure.self) { try berth.withLock("a") { _ in throw Failure() } }
        #expect(try isFree())
    }

    @Test func lockThatGoesOutOfScopeIsGivenBack() throws {
        do {
            let lock = try berth.lock("a")
            #expect(lock.token == 1)
        }
        #expect(try isFree())
    }

    @Test func lockThatIsHeldTimesOut() throws {
        let lock = try berth.lock("a")
        let error = #expect(throws: CoordinatorError.self) {
            try berth.withLock("a", timeout: .milliseconds(10)) { _ in }
        }
        #expect(error?.code == .timedOut)
        lock.release()
    }

    @Test func invalidNameIsRefused() {
        let error = #expect(throws: CoordinatorError.self) { try berth.withLock("a b") { _ in } }
        #expect(error?.code == .invalid)
    }

    @Test func asynchronousBodiesTakeTurns() async throws {
        let berth = berth
        let counter = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await berth.withLock("a") { _ in
                        let seen = await counter.value
                        await Task.yield()
                        await counter.set(seen + 1)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(await counter.value == 20)
    }

    private actor Counter {
        private(set) var value = 0
        func set(_ value: Int) { self.value = value }
    }

    @Test func cancelledTaskLeavesTheLineAndTheLockIsFreeAfterwards() async throws {
        let berth = berth
        for _ in 0..<20 {
            let held: Lock = try await berth.lock("a")
            let wait = Task {
                let lock: Lock = try await berth.lock("a")
                lock.release()
            }
            wait.cancel()
            let error = await #expect(throws: CoordinatorError.self) { try await wait.value }
            #expect(error?.code == .cancelled)
            held.release()
            #expect(try isFree())
        }
    }

    @Test func lockNeedsNoJournal() throws {
        try berth.withLock("a") { _ in }
        let directory = try FileCalls.openDirectory(store.path)
        defer { FileCalls.close(directory) }
        #expect(try FileCalls.entries(of: directory) == ["locks"])
    }
}
