// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Foundation
import Synchronization
import Testing

@testable import Berth

@Suite("Pools of the library")
struct PoolTests {
    private let store: TemporaryStore
    private let berth: Coordinator
    private let pool: Pool

    init() throws {
        store = try TemporaryStore()
        berth = try Coordinator.open(at: store.path, durability: .process)
        pool = berth.pool("gpu")
        try pool.create(["a", "b", "c"])
    }

    private func request(_ tag: String, _ count: Int = 1) throws -> PoolRequest {
        try PoolRequest(for: "/", tag: tag, count: count)
    }

    /// What there is now. Synchronous wherever it is called.
    private func look(_ name: String = "gpu") throws -> PoolStatus {
        try berth.pool(name).status()
    }

    private func code(_ body: () throws -> Void) -> CoordinatorError.Code? {
        #expect(throws: CoordinatorError.self) { try body() }?.code
    }

    // MARK: Making

    @Test func aPoolIsMadeOnce() throws {
        #expect(try !pool.create(["a", "b", "c"]))
        #expect(code { try pool.create(["a", "b"]) } == .unavailable)
        #expect(try pool.status().items.map(\.name) == ["a", "b", "c"])
        #expect(try berth.pools().map(\.name) == ["gpu"])
        #expect(code { try berth.pool("a b").create(["a"]) } == .invalid)
        #expect(code { _ = try berth.pool("other").status() } == .notFound)
        #expect(code { _ = try berth.pool("other").tryHold() } == .notFound)
    }

    @Test func itemsComeAndGo() throws {
        try pool.add(["d"])
        #expect(code { try pool.add(["e", "a"]) } == .unavailable)
        _ = try pool.take(try request("x"))
        #expect(code { try pool.remove(["b", "a"]) } == .busy)
        #expect(code { try pool.remove(["z"]) } == .notFound)
        try pool.remove(["b", "d"])
        #expect(try pool.status().items.map(\.name) == ["a", "c"])
        #expect(code { try pool.remove(["a", "c"], isForced: true) } == .unavailable)
        try pool.remove(["a"], isForced: true)
        #expect(try pool.status().items.map(\.name) == ["c"])
        #expect(try pool.status().freeCount == 1)
        #expect(code { try pool.give(for: "/", tag: "x") } == .notFound)
    }

    @Test func aPoolInUseIsDroppedByForceOnly() throws {
        let held = try pool.hold(2)
        #expect(code { try pool.drop() } == .busy)
        try pool.drop(isForced: true)
        #expect(try berth.pools().isEmpty)
        try pool.create(["a"])
        #expect(try pool.status().freeCount == 1)
        held.giveBack()
        #expect(try pool.status().freeCount == 1)
    }

    // MARK: Taking and giving

    @Test func theSameOwnerKeepsItsItems() throws {
        let first = try pool.take(try request("x", 2))
        #expect(first.items == ["a", "b"])
        let again = try pool.take(try request("x", 2))
        #expect(again.items == first.items && again.created == first.created)
        #expect(try pool.take(try request("y")).items == ["c"])
        #expect(try pool.tryTake(try request("z")) == nil)
        #expect(code { _ = try pool.take(try request("x", 1)) } == .unavailable)
        #expect(code { _ = try pool.take(try request("z", 4)) } == .unavailable)
    }

    @Test func onlyTheOwnerGivesBack() throws {
        _ = try pool.take(try request("x", 2))
        _ = try pool.take(try request("y"))
        #expect(code { try pool.give(["c"], for: "/", tag: "x") } == .stale)
        #expect(code { try pool.give(["a"], for: "/", tag: "z") } == .stale)
        #expect(code { try pool.give(for: "/", tag: "z") } == .notFound)
        #expect(code { try pool.give(["q"], for: "/", tag: "x") } == .notFound)
        #expect(try pool.give(["a"], for: "/", tag: "x") == ["a"])
        #expect(code { try pool.give(["a", "b"], for: "/", tag: "x") } == .notFound)
        #expect(try pool.give(for: "/", tag: "x") == ["b"])
        #expect(try pool.status().freeCount == 2)
    }

    @Test func aTransactionTakesFromTwoPoolsOrNone() throws {
        let other = berth.pool("db")
        try other.create(["main"])
        struct Abandoned: Error {}
        #expect(throws: Abandoned.self) {
            try berth.transaction { transaction in
                _ = try transaction.takeItems(of: "gpu", try request("x"))
                _ = try transaction.takeItems(of: "db", try request("x"))
                throw Abandoned()
            }
        }
        #expect(try pool.status().freeCount == 3 && other.status().freeCount == 1)
        let items = try berth.transaction { transaction in
            let gpu = try transaction.takeItems(of: "gpu", try request("x"))
            let database = try transaction.takeItems(of: "db", try request("x"))
            return (gpu?.items ?? []) + (database?.items ?? [])
        }
        #expect(items == ["a", "main"])
        #expect(try pool.status().freeCount == 2 && other.status().freeCount == 0)
    }

    @Test func whoListensHearsWhatHappens() throws {
        let heard = Mutex<[String]>([])
        let berth = try Coordinator.open(at: store.path) { event in
            heard.withLock { $0.append(event.description) }
        }
        let pool = berth.pool("gpu")
        _ = try pool.take(try request("x", 2))
        #expect(try pool.tryTake(try request("y", 2)) == nil)
        #expect(code { _ = try pool.take(try request("y", 2), timeout: .zero) } == .timedOut)
        try pool.give(["b"], for: "/", tag: "x")
        let told = heard.withLock { $0 }
        #expect(told.count == 4)
        #expect(told[0].hasPrefix("pool.taken pool=gpu items=a,b waited=0."))
        #expect(
            told.dropFirst() == [
                "pool.busy pool=gpu count=2 free=1 wait=no",
                "pool.busy pool=gpu count=2 free=1 wait=yes", "pool.given pool=gpu items=b",
            ])
    }

    // MARK: Ends

    @Test func itemsOfADirectoryThatIsGoneAreFree() throws {
        let directory = try store.makeDirectory("project")
        _ = try pool.take(try PoolRequest(for: directory, count: 3))
        #expect(try pool.tryTake(try request("x")) == nil)
        try FileManager.default.removeItem(atPath: directory)
        #expect(try pool.status().freeCount == 3)
        #expect(try pool.take(try request("x", 3)).items == ["a", "b", "c"])
    }

    @Test func aDirectoryThatWasNeverThereProvesNothing() throws {
        _ = try pool.take(try PoolRequest(for: store.directory + "/nowhere", count: 3))
        #expect(try pool.tryTake(try request("x")) == nil)
    }

    @Test func itemsOfALeaseAreFreeAtItsEnd() throws {
        let first = try pool.take(
            try PoolRequest(for: "/", count: 3, lasting: .milliseconds(50)))
        #expect(first.isLeased)
        #expect(try pool.tryTake(try request("x")) == nil)
        // Waits for no event but the end of the lease.
        #expect(try pool.take(try request("x", 3), timeout: .seconds(20)).items == first.items)
    }

    @Test func itemsOfAnotherRunOfTheMachineAreFree() throws {
        let earlier = ReservationLease(boot: "an earlier one", timeNamespace: 0, end: .max)
        let holding = PoolHolding(
            pool: "gpu", items: ["a", "b"], path: "/", tag: "x", created: 1, used: 1, sign: nil,
            terms: ReservationTerms(lease: earlier), idleDays: nil, followsDirectory: false)
        try write(holding)
        #expect(try pool.status().freeCount == 3)
        #expect(try pool.take(try request("y", 3)).items == ["a", "b", "c"])
    }

    @Test func idleItemsAreFree() throws {
        let day: Int64 = 86_400_000
        let now = Clock.wallMilliseconds
        func holding(_ tag: String, _ item: String, used: Int64, days: Int) -> PoolHolding {
            PoolHolding(
                pool: "gpu", items: [item], path: "/", tag: tag, created: 1, used: used,
                sign: nil, terms: ReservationTerms(), idleDays: days, followsDirectory: false)
        }
        try write(holding("x", "a", used: now - 2 * day, days: 2))
        try write(holding("y", "b", used: now - day, days: 2))
        // A clock that was set back proves nothing.
        try write(holding("z", "c", used: now + 9 * day, days: 2))
        #expect(try pool.status().items.map { $0.holding == nil } == [true, false, false])
    }

    @Test func itemsOfASignThatIsGoneOrAnotherStoresAreFree() throws {
        func holding(_ item: String, _ sign: PoolSign) -> PoolHolding {
            PoolHolding(
                pool: "gpu", items: [item], path: nil, tag: nil, created: 1, used: 1, sign: sign,
                terms: ReservationTerms(), idleDays: nil, followsDirectory: false)
        }
        let held = try pool.hold(1)
        let own = try judge().sign(held.ticket.token)
        try write(holding("b", PoolSign(number: 77, folder: own.folder)))
        #expect(try pool.status().items.map { $0.holding == nil } == [false, true, true])
        // A copy of a record, with a number that is used here too.
        try write(holding("c", PoolSign(number: own.number, folder: own.folder + 1)))
        #expect(try pool.status().freeCount == 3)
        #expect(try pool.withItems(3) { $0.count } == 3)
        held.giveBack()
    }

    private func write(_ holding: PoolHolding) throws {
        let key = PoolRecords.holding(of: try PoolName("gpu"), by: holding.owner)
        try berth.store.write("test") { try $0.set(key, holding.json) }
    }

    @Test func recordsAreReadBackAsTheyWere() throws {
        let lease = ReservationLease(boot: "b", timeNamespace: 4, end: 99)
        let holder = try Holder.current()
        let holding = PoolHolding(
            pool: "gpu", items: ["a\"\\", "é"], path: "/x y", tag: "t\u{202E}", created: 3,
            used: 4, sign: nil, terms: ReservationTerms(holder: holder, lease: lease),
            idleDays: 5, followsDirectory: true)
        try write(holding)
        try berth.store.read { view in
            let state = try view.state(of: try PoolName("gpu"), try judge())
            // The lease is one of another run of the machine.
            #expect(state.ended.map(\.holding) == [holding])
            #expect(state.ended.map(\.end) == [.leaseEnded])
        }
    }

    private func judge() throws -> PoolJudge {
        try PoolJudge(of: try PoolName("gpu"), in: store.path)
    }

    @Test(arguments: ["{}", "{\"items\":[]}", "{\"items\":[1]}", "[]"])
    func aDamagedRecordIsNamed(json: String) throws {
        let held = RecordKey("pools/held/gpu/x")
        try berth.store.write("test") { try $0.set(held, Array(json.utf8)) }
        let error = #expect(throws: CoordinatorError.self) { try pool.status() }
        #expect(error?.code == .damaged)
        #expect(error?.message.contains(held.text) == true)
        try berth.store.write("test") { transaction in
            transaction.delete(held)
            try transaction.set(RecordKey("pools/pool/gpu"), Array(json.utf8))
        }
        #expect(code { _ = try pool.tryHold() } == .damaged)
    }

    // MARK: Holding

    @Test func heldItemsAreFreeWhenTheyGoOutOfScope() throws {
        do {
            let held = try pool.hold(2)
            #expect(held.items == ["a", "b"])
            let status = try look()
            #expect(status.freeCount == 1)
            #expect(status.items[0].process == ProcessInfo.processInfo.processIdentifier)
            let isRefused = try pool.tryHold(2) == nil
            #expect(isRefused)
        }
        #expect(try look().freeCount == 3)
        #expect(try pool.withItems(3) { $0 } == ["a", "b", "c"])
        #expect(try look().freeCount == 3)
    }

    @Test func itemsAreGivenBackWhenTheBodyThrows() async throws {
        struct Failure: Error {}
        #expect(throws: Failure.self) { try failing(Failure()) }
        #expect(try look().freeCount == 3)
        await #expect(throws: Failure.self) {
            try await pool.withItems(3) { _ in throw Failure() }
        }
        #expect(try look().freeCount == 3)
    }

    private func failing(_ error: any Error) throws {
        try pool.withItems(3) { _ in throw error }
    }

    @Test func aHoldThatComesTooLateTimesOut() async throws {
        let held = try await pool.hold(2)
        let error = await #expect(throws: CoordinatorError.self) {
            try await use(2, timeout: .milliseconds(20))
        }
        #expect(error?.code == .timedOut)
        #expect(try look().waiting == 0)
        held.giveBack()
        let count = try await pool.withItems(3) { $0.count }
        #expect(count == 3)
    }

    @Test func aWaitInsideForWhatOneHasIsRefused() async throws {
        try nested()
        let error = await #expect(throws: CoordinatorError.self) {
            try await pool.withItems(2) { _ in try await use(2) }
        }
        #expect(error?.code == .deadlock)
        // One beside the two is there to be had.
        #expect(try await pool.withItems(2) { _ in try await use(1) } == ["c"])
        // Another task may have what this one gives back.
        let held = try await pool.hold(3)
        let other = Task.detached { try await use(1) }
        try await waitForLine(1)
        held.giveBack()
        #expect(try await other.value == ["a"])
    }

    private func nested() throws {
        #expect(
            code {
                try pool.withItems(3) { _ in _ = try pool.take(try request("x")) }
            } == .deadlock)
        #expect(code { try pool.withItems(3) { _ in try pool.withItems { _ in } } } == .deadlock)
        #expect(try look().freeCount == 3)
    }

    @Test func waitersAreServedInTheOrderOfComingAndNoneIsOvertaken() async throws {
        let held = try await pool.hold(1)
        // Two are free all the time; the first in line wants three.
        let wide = Task { try await use(3) }
        try await waitForLine(1)
        let isRefused = try await pool.tryHold(1) == nil
        #expect(isRefused)
        let narrow = Task { try await use(1) }
        try await waitForLine(2)
        held.giveBack()
        _ = try await wide.value
        #expect(try await narrow.value == ["a"])
        #expect(try look().freeCount == 3)
    }

    @discardableResult
    private func use(
        _ count: Int, of other: Pool? = nil, timeout: Duration? = nil
    ) async throws -> [String] {
        try await (other ?? pool).withItems(count, timeout: timeout) { items in
            await Task.yield()
            return items
        }
    }

    /// Until so many stand in line; they are counted by their tickets.
    private func waitForLine(_ count: Int) async throws {
        while try look().waiting < count { await Task.yield() }
    }

    @Test func cancellationEndsAWaitInLineAndAtItsHead() async throws {
        let held = try await pool.hold(3)
        let first = Task { _ = try await use(1) }
        try await waitForLine(1)
        let second = Task { _ = try await pool.take(try request("x")) }
        try await waitForLine(2)
        for task in [second, first] {
            task.cancel()
            let error = await #expect(throws: CoordinatorError.self) { try await task.value }
            #expect(error?.code == .cancelled)
        }
        #expect(try look().waiting == 0)
        held.giveBack()
        #expect(try look().freeCount == 3)
    }

    @Test func theFirstInLineHearsThatThePoolIsGoneOrHasGrown() async throws {
        let other = berth.pool("db")
        try await other.create(["main"])
        _ = try await pool.take(try request("x", 3))
        _ = try await other.take(try request("x"))
        let taking = Task { try await pool.take(try request("y")).items }
        let waiting = Task { _ = try await other.take(try request("y")) }
        try await waitForLine(1)
        while try look("db").waiting < 1 { await Task.yield() }
        try await pool.add(["d"])
        #expect(try await taking.value == ["d"])
        try await other.drop(isForced: true)
        let error = await #expect(throws: CoordinatorError.self) { try await waiting.value }
        #expect(error?.code == .notFound)
    }

    @Test func moreHoldersThanABitMapHasPlacesAreWatched() async throws {
        let wide = berth.pool("wide")
        try await wide.create((0..<40).map { String($0) })
        var held: [Box] = []
        for _ in 0..<40 { held.append(Box(try await wide.hold(1))) }
        let waiter = Task { try await use(1, of: wide) }
        while try look("wide").waiting < 1 { await Task.yield() }
        held.removeLast().giveBack()
        #expect(try await waiter.value == ["39"])
    }

    /// An array cannot hold what cannot be copied.
    private final class Box {
        private var held: HeldItems?

        init(_ held: consuming HeldItems) {
            self.held = consume held
        }

        func giveBack() {
            held.take()?.giveBack()
        }
    }
}
