// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Foundation
import Synchronization
import Testing

@testable import Berth

@Suite("Modes, leases and events of the library")
struct LockModesTests {
    private let store: TemporaryStore
    private let berth: Coordinator

    init() throws {
        store = try TemporaryStore()
        berth = try Coordinator.open(at: store.path)
    }

    private func isFree(_ mode: Lock.Mode = .exclusive) throws -> Bool {
        guard let lock = try berth.tryLock("a", mode: mode) else { return false }
        lock.release()
        return true
    }

    // MARK: Modes

    @Test func sharedHoldersAreInTogether() throws {
        let first = try berth.lock("a", mode: .shared)
        let second = try berth.lock("a", mode: .shared)
        #expect(try !isFree())
        first.release()
        #expect(try !isFree())
        second.release()
        #expect(try isFree())
    }

    @Test func slotsAreCounted() throws {
        let first = try berth.lock("a", mode: .slots(2))
        let second = try berth.lock("a", mode: .slots(2))
        #expect(try !isFree(.slots(2)))
        let error = #expect(throws: CoordinatorError.self) { try isFree(.slots(3)) }
        #expect(error?.code == .invalid)
        first.release()
        #expect(try isFree(.slots(2)))
        second.release()
        #expect(try isFree())
    }

    @Test(arguments: [0, -1, 65, Int.max, Int.min])
    func slotsThatAreNoneAreRefused(count: Int) {
        let error = #expect(throws: CoordinatorError.self) {
            try berth.withLock("a", mode: .slots(count)) { _ in }
        }
        #expect(error?.code == .invalid)
    }

    @Test func severalLocksAreTakenTogetherOrNotAtAll() throws {
        let held = try berth.lock("b")
        #expect(throws: CoordinatorError.self) {
            try berth.withLocks(["c", "b", "a"], timeout: .milliseconds(20)) { _ in }
        }
        #expect(try isFree())
        held.release()
        try berth.withLocks(["c", "b", "a", "b"]) { group in
            let names = group.names
            #expect(names == ["a", "b", "c"])
            #expect(group.token(of: "a") != nil)
            #expect(group.token(of: "d") == nil)
            let isFree = try isFree()
            #expect(!isFree)
        }
        #expect(try isFree())
    }

    // MARK: Tokens

    @Test func tokenTellsWhetherTheLockIsHeld() throws {
        let token = try berth.withLock("a") { lock in
            let isHeld = try berth.isLockHeld("a", token: lock.token)
            #expect(isHeld)
            return lock.token
        }
        #expect(try !berth.isLockHeld("a", token: token))
        #expect(try !berth.isLockHeld("never", token: 1))
    }

    @Test func brokenLockIsLostAndItsHolderIsTold() throws {
        let lock = try berth.lock("a")
        let broken = try berth.breakLock("a")
        #expect(broken.map(\.token) == [1])
        #expect(broken.first?.process == CurrentProcess.identifier)
        #expect(try isFree())
        let isHeld = lock.isHeld
        #expect(!isHeld)
        let wasHeld = lock.release()
        #expect(!wasHeld)
        #expect(try berth.breakLock("a").isEmpty)
        let unknown = #expect(throws: CoordinatorError.self) { try berth.breakLock("b") }
        #expect(unknown?.code == .notFound)
        let stale = #expect(throws: CoordinatorError.self) { try berth.breakLock("a", token: 1) }
        #expect(stale?.code == .stale)
    }

    // MARK: Leases

    @Test func leaseThatEndsIsToldOnceAndTheBodyThrows() async throws {
        let losses = Losses()
        let lease = Lock.Lease(.milliseconds(100)) { losses.note($0) }
        let error = await #expect(throws: CoordinatorError.self) {
            try await berth.withLock("a", lease: lease) { lock in
                #expect(await losses.first.wait().code == .stale)
                #expect(throws: CoordinatorError.self) { try lock.renew() }
                let next = try await berth.lock("a", timeout: .seconds(300))
                #expect(next.token == 2)
                next.release()
            }
        }
        #expect(error?.code == .stale)
        #expect(losses.count == 1)
    }

    private final class Losses: Sendable {
        let first = Event<CoordinatorError>()
        private let all = Mutex(0)

        var count: Int { all.withLock { $0 } }

        func note(_ error: CoordinatorError) {
            all.withLock { $0 += 1 }
            first.set(error)
        }
    }

    @Test func renewalMakesTheLeaseBeginAnew() throws {
        let lock = try berth.lock("a", lease: Lock.Lease(.seconds(60)))
        let own = lock.ticket
        let ticket = try #require(own)
        let before = try #require(ticket.end)
        try lock.renew()
        let after = try #require(ticket.end)
        #expect(after > before)
        #expect(after <= Clock.boot + 60_000_000_000)
        // By its token, too, as another process does.
        try berth.locks.renew(try LockName("a"), token: lock.token, length: 90_000_000_000)
        let written = TicketContent.end(in: ticket.file)
        #expect(try #require(written) > after)
        let wasHeld = lock.release()
        #expect(wasHeld)
    }

    @Test func nothingIsToldOfALeaseThatIsGivenBackInTime() async throws {
        // A machine that is busy may let the lease end before: then again.
        var losses = Losses()
        var isInTime = false
        while !isInTime {
            let attempt = Losses()
            let lease = Lock.Lease(.milliseconds(300)) { attempt.note($0) }
            let lock = try await berth.lock("a", lease: lease)
            isInTime = lock.release()
            losses = attempt
        }
        // Past its end, by a lease that is told of.
        let later = Losses()
        let other = try await berth.lock(
            "b", lease: Lock.Lease(.milliseconds(400)) { later.note($0) })
        _ = await later.first.wait()
        other.release()
        #expect(losses.count == 0)
    }

    @Test func leaseOfNoLengthIsRefused() {
        for length in [Duration.zero, .seconds(-1), .seconds(1 << 40)] {
            let error = #expect(throws: CoordinatorError.self) {
                try berth.withLock("a", lease: Lock.Lease(length)) { _ in }
            }
            #expect(error?.code == .invalid)
        }
    }

    /// The clock of leases is compared only within one boot and one namespace.
    @Test func leaseOfAClockThatCannotBeComparedNeverEnds() throws {
        let here = try Holder.Surroundings.current()
        let content = TicketContent.bytes(try Holder.current(), leaseOf: 1000)
        var text = String(decoding: content, as: UTF8.self)
        text = text.replacingOccurrences(
            of: #""end":"00000000000000000000""#, with: #""end":"00000000000000000001""#)
        let ended = try #require(TicketContent(Array(text.utf8), from: here)?.lease)
        #expect(ended.hasEnded(at: Clock.boot))
        for other in [
            Holder.Surroundings(
                boot: "another", pidNamespace: here.pidNamespace,
                timeNamespace: here.timeNamespace, host: here.host),
            Holder.Surroundings(
                boot: here.boot, pidNamespace: here.pidNamespace,
                timeNamespace: here.timeNamespace + 1, host: here.host),
        ] {
            let lease = try #require(TicketContent(Array(text.utf8), from: other)?.lease)
            #expect(!lease.hasEnded(at: .max))
        }
    }

    @Test func termSaysWhenToLookAgain() {
        let waiting = LeaseTerm(length: 400_000_000, end: nil)
        #expect(!waiting.hasEnded(at: .max))
        #expect(waiting.nextLook(at: 5) == .milliseconds(400))
        let begun = LeaseTerm(length: 5_000_000_000, end: 7_000_000_000)
        #expect(!begun.hasEnded(at: 6_999_999_999))
        #expect(begun.hasEnded(at: 7_000_000_000))
        #expect(begun.nextLook(at: 6_500_000_000) == .milliseconds(500))
        #expect(begun.nextLook(at: 0) == .seconds(1))
        #expect(begun.nextLook(at: 8_000_000_000) == .zero)
    }

    // MARK: Events

    @Test func eventsTellWhatHappensInOrder() throws {
        let heard = Heard()
        let berth = try Coordinator.open(at: store.path, onEvent: { heard.note($0) })
        try berth.withLock("a") { _ in
            let other = try self.berth.tryLock("a") == nil
            #expect(other)
        }
        let held = try self.berth.lock("a")
        #expect(throws: CoordinatorError.self) {
            try berth.withLock("a", timeout: .milliseconds(5)) { _ in }
        }
        held.release()
        // What the dead have left.
        let folder = store.path + "/locks/" + (try LockName("a").folder)
        _ = FileManager.default.createFile(atPath: folder + "/0000000000000001.x", contents: nil)
        try berth.withLock("a") { _ in }
        #expect(
            heard.kinds == [
                .lockAcquired, .lockReleased, .lockBusy, .lockStale, .lockAcquired, .lockReleased,
            ])
        #expect(heard.events[2]["wait"] == .text("yes"))
        #expect(heard.events[2]["pid"] == .number(Int64(CurrentProcess.identifier)))
        #expect(heard.events[3]["token"] == .number(1))
    }

    private final class Heard: Sendable {
        private let state = Mutex([Coordinator.Event]())

        var events: [Coordinator.Event] { state.withLock { $0 } }
        var kinds: [Coordinator.Event.Kind] { events.map(\.kind) }

        func note(_ event: Coordinator.Event) { state.withLock { $0.append(event) } }
    }

    // MARK: What crashes leave

    @Test func nextContenderSweepsWhatWasHalfMade() throws {
        try berth.withLock("a") { _ in }
        let folder = store.path + "/locks/" + (try LockName("a").folder)
        for name in [
            "00000000deadbeef.new", "0000000000000001.bell", "0000000000000001.json",
            "0000000000000001.turn",
        ] {
            _ = FileManager.default.createFile(atPath: folder + "/" + name, contents: nil)
        }
        try berth.withLock("a") { _ in }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["gate"])
    }

    // MARK: Tasks

    /// Waiting tasks hold no thread of the pool: others run as if there were none.
    @Test func waitingTasksDelayNoOther() async throws {
        let berth = berth
        let held: Lock = try await berth.lock("a")
        let waits = (0..<64).map { _ in
            Task { try await berth.withLock("a") { _ in await Task.yield() } }
        }
        while try berth.locks.listing(of: try LockName("a")).waiters.count < 64 {
            try await Task.sleep(for: .milliseconds(5))
        }
        // Waits of its own would be seen as the shortest of many turns.
        let clock = ContinuousClock()
        var shortest = Duration.seconds(60)
        for _ in 0..<20 {
            let elapsed = await clock.measure { await Task { await Task.yield() }.value }
            shortest = min(shortest, elapsed)
        }
        #expect(shortest <= .milliseconds(10))
        held.release()
        for wait in waits { try await wait.value }
    }
}
