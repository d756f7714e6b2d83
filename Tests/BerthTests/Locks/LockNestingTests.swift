// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Synchronization
import Testing

@testable import Berth

@Suite("Locks inside locks")
struct LockNestingTests {
    private let store: TemporaryStore
    private let berth: Coordinator

    init() throws {
        store = try TemporaryStore()
        berth = try Coordinator.open(at: store.path)
    }

    @Test func lockInsideItselfIsRefusedAtOnce() async throws {
        let berth = berth
        let inner = #expect(throws: CoordinatorError.self) {
            try berth.withLock("a") { _ in try berth.withLock("a") { _ in } }
        }
        #expect(inner?.code == .deadlock)
        let asynchronous = await #expect(throws: CoordinatorError.self) {
            try await berth.withLock("a") { _ in
                try await berth.withLock("a") { _ in await Task.yield() }
            }
        }
        #expect(asynchronous?.code == .deadlock)
        let group = #expect(throws: CoordinatorError.self) {
            try berth.withLocks(["a", "b"]) { _ in try berth.withLock("b") { _ in } }
        }
        #expect(group?.code == .deadlock)
    }

    @Test func lockIsEnteredAgainWhereAsked() async throws {
        let berth = berth
        try await berth.withLock("a") { outer in
            let token = outer.token
            try await berth.withLock("a", isReentrant: true) { inner in
                await Task.yield()
                #expect(inner.token == token)
            }
            let isHeld = outer.isHeld
            #expect(isHeld)
            let isTaken = try await berth.tryLock("a") == nil
            #expect(isTaken)
        }
    }

    @Test func groupEntersAgainWhatTheCallerIsInsideOfAndTakesTheRest() async throws {
        let berth = berth
        try await berth.withLock("b") { outer in
            let token = outer.token
            try await berth.withLocks(["c", "b", "a"], isReentrant: true) { group in
                await Task.yield()
                let names = group.names
                #expect(names == ["a", "b", "c"])
                #expect(group.token(of: "b") == token)
                let isTaken = try await berth.tryLock("a") == nil
                #expect(isTaken)
            }
            let isHeld = outer.isHeld
            #expect(isHeld)
            let isFree = try await berth.tryLock("a") != nil
            #expect(isFree)
        }
    }

    @Test func groupWithLeasesIsRenewedAndItsLossesAreTold() async throws {
        let berth = berth
        let losses = Mutex<[String]>([])
        let lost = Event<Bool>()
        let lease = Lock.Lease(.milliseconds(200)) { error in
            let count = losses.withLock {
                $0.append(error.message)
                return $0.count
            }
            if count == 2 { lost.set(true) }
        }
        let error = await #expect(throws: CoordinatorError.self) {
            try await berth.withLocks(["a", "b"], lease: lease) { group in
                try await group.renew()
                _ = await lost.wait()
                let isHeld = group.isHeld
                #expect(!isHeld)
                try await group.renew()
            }
        }
        #expect(error?.code == .stale)
        let messages = losses.withLock { $0.sorted() }
        #expect(messages.count == 2)
        #expect(messages.first?.contains("'a'") == true)
        #expect(messages.last?.contains("'b'") == true)
    }

    @Test func sharedLockIsNotEnteredAgainAsAnExclusiveOne() throws {
        try berth.withLock("a", mode: .shared) { _ in
            try berth.withLock("a", mode: .shared, isReentrant: true) { _ in }
            let error = #expect(throws: CoordinatorError.self) {
                try berth.withLock("a", isReentrant: true) { _ in }
            }
            #expect(error?.code == .deadlock)
        }
    }

    /// A task that is started inside a body waits as anybody does, and gets the
    /// lock when the body has returned.
    @Test func taskThatIsStartedInsideIsNotInside() async throws {
        let berth = berth
        let inner = try await berth.withLock("a") { _ in
            await Task.yield()
            return Task {
                try await berth.withLock("a") { lock in
                    await Task.yield()
                    return lock.token
                }
            }
        }
        #expect(try await inner.value == 2)
    }

    /// Many tasks of one process, each with two locks in the same order: none
    /// is ever refused.
    @Test func independentTasksMakeNoCycle() async throws {
        let berth = berth
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<24 {
                group.addTask {
                    try await berth.withLock("outer\(index % 3)") { _ in
                        try await berth.withLock("inner") { _ in
                            try await Task.sleep(for: .milliseconds(60))
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Who is at it, and who of them eats.
    private final class Table: Sendable {
        private let state: Mutex<(eating: [Bool], seated: Int)>

        init(_ seats: Int) {
            state = Mutex((Array(repeating: false, count: seats), 0))
        }

        func begin(_ seat: Int) {
            state.withLock { state in
                let seats = state.eating.count
                #expect(!state.eating[(seat + 1) % seats])
                #expect(!state.eating[(seat + seats - 1) % seats])
                state.eating[seat] = true
            }
        }

        func end(_ seat: Int) { state.withLock { $0.eating[seat] = false } }

        var seated: Int { state.withLock { $0.seated } }

        func sit() { state.withLock { $0.seated += 1 } }
    }

    /// Both forks together: whoever has them eats, and none is ever refused.
    @Test func philosophersEatAThousandRounds() async throws {
        let berth = berth
        let seats = 5
        let table = Table(seats)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seat in 0..<seats {
                let forks = ["fork\(seat)", "fork\((seat + 1) % seats)"]
                group.addTask {
                    for _ in 0..<200 {
                        try await berth.withLocks(forks) { _ in
                            table.begin(seat)
                            await Task.yield()
                            table.end(seat)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// The fork at the left first, always: circles of waits come about, each is
    /// broken, and nobody is refused who is in none.
    @Test func circleOfTasksIsBrokenByOne() async throws {
        let berth = berth
        let seats = 3
        let table = Table(seats)
        let refusals = try await withThrowingTaskGroup(of: Bool.self) { group in
            for seat in 0..<seats {
                group.addTask {
                    do {
                        try await berth.withLock("fork\(seat)") { _ in
                            table.sit()
                            while table.seated < seats { await Task.yield() }
                            try await berth.withLock("fork\((seat + 1) % seats)") { _ in
                                await Task.yield()
                            }
                        }
                        return false
                    } catch let error as CoordinatorError {
                        #expect(error.code == .deadlock)
                        #expect(error.message.contains("fork"))
                        return true
                    }
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(refusals == 1)
    }
}
