// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Foundation
import Synchronization
import Testing

@testable import Berth

@Suite("Tickets, gate and bells")
struct LockServiceTests {
    private let store: TemporaryStore
    private let locks: LockService
    private let name: LockName

    init() throws {
        store = try TemporaryStore()
        locks = LockService(path: store.path)
        name = try LockName("a")
    }

    private var folder: String { store.path + "/locks/" + name.folder }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    private func request(_ patience: LockPatience = .unlimited) -> LockService.Request {
        var request = LockService.Request(name)
        request.patience = patience
        return request
    }

    private func take(_ patience: LockPatience = .unlimited) throws -> HeldTicket? {
        try locks.acquire(request(patience))
    }

    /// Waits for a lock on a thread of its own, and tells when the wait begins.
    private static func wait(
        _ locks: LockService, _ name: LockName, waiting: Event<Bool>,
        _ cancellation: Cancellation? = nil, then body: @escaping @Sendable (HeldTicket) -> Void
    ) async throws {
        try await Thread.run {
            var request = LockService.Request(name)
            request.cancellation = cancellation
            request.onWait = { _ in
                waiting.set(true)
                return nil
            }
            guard let held = try locks.acquire(request) else { return }
            body(held)
            held.release()
        }
    }

    @Test func tokensGrowAndNothingIsLeft() throws {
        for token in 1...5 as ClosedRange<UInt64> {
            let held = try #require(try take())
            #expect(held.token == token)
            held.release()
        }
        #expect(try names() == ["gate"])
    }

    @Test func heldLockIsRefusedAtOnce() throws {
        let held = try #require(try take())
        #expect(try take(.none) == nil)
        held.release()
        #expect(try take(.none) != nil)
    }

    @Test func waitEndsAtItsDeadline() throws {
        let held = try #require(try take())
        let error = #expect(throws: CoordinatorError.self) {
            try take(.until(Deadline(after: .milliseconds(20))))
        }
        #expect(error?.code == .timedOut)
        held.release()
        #expect(try names() == ["gate"])
    }

    @Test func droppedTicketIsReleased() throws {
        do { _ = try take() }
        #expect(try take(.none) != nil)
    }

    @Test func releaseWakesTheNextInTheOrderOfArrival() async throws {
        let held = try #require(try take())
        let order = Order()
        let (locks, name) = (locks, name)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for count in 1...8 {
                let waiting = Event<Bool>()
                group.addTask {
                    try await Self.wait(locks, name, waiting: waiting) { order.note($0.token) }
                }
                _ = await waiting.wait()
                #expect(try locks.listing(of: name).waiters.count == count)
            }
            held.release()
            try await group.waitForAll()
        }
        #expect(order.tokens == Array(2...9))
        #expect(try names() == ["gate"])
    }

    @Test func manyContendersExcludeEachOther() async throws {
        let order = Order()
        let deaths = Atomic(0)
        let events = EventReporter { event in
            if event.kind == .lockStale { deaths.add(1, ordering: .relaxed) }
        }
        let locks = LockService(path: store.path, events: events)
        let name = name
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<12 {
                group.addTask {
                    for _ in 0..<40 {
                        try await Self.wait(locks, name, waiting: Event()) { held in
                            #expect(order.enter() == 1)
                            order.note(held.token)
                            order.leave()
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(order.tokens.count == 480)
        #expect(zip(order.tokens, order.tokens.dropFirst()).allSatisfy { $0 < $1 })
        // No release was taken for a death.
        #expect(deaths.load(ordering: .relaxed) == 0)
        #expect(try names() == ["gate"])
    }

    /// Who was in, one after the other.
    private final class Order: Sendable {
        private let state = Mutex((inside: 0, tokens: [UInt64]()))

        var tokens: [UInt64] { state.withLock { $0.tokens } }

        func note(_ token: UInt64) {
            state.withLock { $0.tokens.append(token) }
        }

        func enter() -> Int {
            state.withLock { state in
                state.inside += 1
                return state.inside
            }
        }

        func leave() {
            state.withLock { $0.inside -= 1 }
        }
    }

    @Test func cancelledWaitLeavesTheLine() async throws {
        let held = try #require(try take())
        let cancellation = Cancellation()
        let waiting = Event<Bool>()
        let (locks, name) = (locks, name)
        let wait = Task {
            try await Self.wait(locks, name, waiting: waiting, cancellation) { _ in }
        }
        _ = await waiting.wait()
        cancellation.cancel()
        let error = await #expect(throws: CoordinatorError.self) { try await wait.value }
        #expect(error?.code == .cancelled)
        held.release()
        #expect(try names() == ["gate"])
    }

    // MARK: What crashes leave

    private func plant(_ file: String, _ content: String = "") {
        _ = FileManager.default.createFile(
            atPath: folder + "/" + file, contents: Data(content.utf8))
    }

    @Test func whatTheDeadLeftIsSwept() throws {
        try #require(try take()).release()
        plant("0000000000000001.x")
        plant("0000000000000001.json", "{")
        try #require(try take()).release()
        #expect(try names() == ["gate"])
    }

    @Test func halfMadeTicketsAreTidiedUpWithTheNextReservation() throws {
        try #require(try take()).release()
        plant("00000000deadbeef.new")
        plant("0000000000000001.bell")
        plant("0000000000000001.json")
        try FileManager.default.removeItem(atPath: folder + "/gate")
        try #require(try take()).release()
        #expect(try names() == ["gate"])
    }

    @Test func lostGateGoesOnBehindTheLivingTickets() throws {
        let first = try #require(try take())
        try FileManager.default.removeItem(atPath: folder + "/gate")
        #expect(throws: CoordinatorError.self) {
            try take(.until(Deadline(after: .milliseconds(10))))
        }
        first.release()
        #expect(try #require(try take()).token > first.token)
    }

    @Test func restoredGateSkipsTheTicketsThatAreThere() throws {
        let gate = folder + "/gate"
        try #require(try take()).release()
        let old = try Data(contentsOf: URL(fileURLWithPath: gate))
        let held = try #require(try take())
        try old.write(to: URL(fileURLWithPath: gate))
        #expect(throws: CoordinatorError.self) {
            try take(.until(Deadline(after: .milliseconds(10))))
        }
        held.release()
        #expect(try #require(try take()).token > held.token)
    }

    @Test func anotherBootSkipsEveryNumberThatMayHaveBeenGiven() throws {
        try #require(try take()).release()
        let gate = folder + "/gate"
        let text = try String(contentsOfFile: gate, encoding: .utf8)
        let boot = try MachineIdentity.bootID()
        let other = String(boot.reversed())
        try text.replacingOccurrences(of: boot, with: other)
            .write(toFile: gate, atomically: false, encoding: .utf8)
        plant("0000000000000001.xp", "not even read")
        #expect(try #require(try take()).token == GateState.block + 1)
        #expect(try names() == ["gate"])
    }

    @Test(arguments: ["", "\u{0}\u{0}\u{0}"])
    func emptyGateIsANewOne(content: String) throws {
        try #require(try take()).release()
        try Data(content.utf8).write(to: URL(fileURLWithPath: folder + "/gate"))
        #expect(try #require(try take()).token == 1)
    }

    @Test func damagedGateIsRefusedAndLeftAsItIs() throws {
        try #require(try take()).release()
        let gate = URL(fileURLWithPath: folder + "/gate")
        try Data("{\"boot\"".utf8).write(to: gate)
        let error = #expect(throws: CoordinatorError.self) { try take() }
        #expect(error?.code == .damaged)
        #expect(try Data(contentsOf: gate) == Data("{\"boot\"".utf8))
        #expect(try names() == ["gate"])
    }

    @Test func gateThatIsNotLeftEndsTheWaitWithAClearError() throws {
        try #require(try take()).release()
        let directory = try FileCalls.openDirectory(folder)
        defer { FileCalls.close(directory) }
        let gate = try FileCalls.open("gate", in: directory, .readingAndWriting)
        defer { FileCalls.close(gate) }
        #expect(try FileCalls.lock(gate, .exclusive, waiting: false))
        var impatient = locks
        impatient.gateTimeout = .milliseconds(30)
        let error = #expect(throws: CoordinatorError.self) {
            try impatient.acquire(request())
        }
        #expect(error?.code == .timedOut)
        #expect(error?.message.contains("/gate") == true)
        // Neither listing nor releasing needs it.
        #expect(try locks.listing(of: name).state == .free)
        FileCalls.close(gate)
        #expect(try names() == ["gate"])
    }

    /// A renewal that began before the end of the lease, and is done after it,
    /// is one in time: whoever saw the lease end meanwhile goes on waiting.
    @Test func leaseThatIsRenewedAtItsEndIsNotTaken() async throws {
        var lease = request()
        lease.lease = 3_600_000_000_000
        let held = try #require(try locks.acquire(lease))
        let folder = held.folder
        let waiting = Event<Bool>()
        let granted = Mutex<UInt64>(0)
        let (locks, name) = (locks, name)
        let wait = Task {
            try await Self.wait(locks, name, waiting: waiting) { _ in
                granted.withLock { $0 = Clock.boot }
            }
        }
        _ = await waiting.wait()
        let gate = try Gate.enter(folder, until: Deadline(after: .seconds(5)))
        let end = try await Thread.run {
            try FileCalls.writeAll(
                held.file, TicketContent.digits(Clock.boot), at: TicketContent.endOffset)
            // The waiter looks at it within a second, and comes to the gate.
            while try !Self.isWaitedFor(folder) {
                _ = try Poll.wait([], until: Deadline(after: .milliseconds(10)))
            }
            let end = Clock.boot + 300_000_000
            try FileCalls.writeAll(
                held.file, TicketContent.digits(end), at: TicketContent.endOffset)
            return end
        }
        gate.leave()
        try await wait.value
        #expect(granted.withLock { $0 } >= end)
        #expect(!held.release())
    }

    /// Whether somebody waits for the gate, as far as the system tells.
    private static func isWaitedFor(_ folder: LockFolder) throws -> Bool {
        #if os(Linux)
            let inode = try FileCalls.status(ofName: "gate", in: folder.directory).identity.inode
            let locks = try String(contentsOfFile: "/proc/locks", encoding: .utf8)
            return locks.split(separator: "\n").contains {
                $0.contains("-> FLOCK") && $0.contains(":\(inode) ")
            }
        #else
            return true
        #endif
    }

    // MARK: What others put there

    @Test func strangeNamesAreLeftAlone() throws {
        try #require(try take()).release()
        plant("README")
        try FileManager.default.createDirectory(
            atPath: folder + "/sub", withIntermediateDirectories: false)
        try #require(try take()).release()
        #expect(try names() == ["README", "gate", "sub"])
    }

    @Test(arguments: ["0000000000000001.x", "gate"])
    func linkInThePlaceOfAFileIsRefusedAndNotFollowed(file: String) throws {
        try #require(try take()).release()
        let victim = store.directory + "/victim"
        try Data("precious".utf8).write(to: URL(fileURLWithPath: victim))
        try? FileManager.default.removeItem(atPath: folder + "/" + file)
        try FileManager.default.createSymbolicLink(
            atPath: folder + "/" + file, withDestinationPath: victim)
        let error = #expect(throws: CoordinatorError.self) { try take() }
        #expect(error?.code == .damaged)
        #expect(try String(contentsOfFile: victim, encoding: .utf8) == "precious")
    }

    @Test(arguments: ["0000000000000001.x", "gate"])
    func fifoInThePlaceOfAFileDoesNotHang(file: String) throws {
        try #require(try take()).release()
        try? FileManager.default.removeItem(atPath: folder + "/" + file)
        let directory = try FileCalls.openDirectory(folder)
        defer { FileCalls.close(directory) }
        try FileCalls.makeFifo(file, in: directory)
        let error = #expect(throws: CoordinatorError.self) { try take() }
        #expect(error?.code == .damaged)
    }

    @Test func linkInThePlaceOfTheDirectoryIsRefused() throws {
        try FileManager.default.createDirectory(
            atPath: store.path, withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700])
        let elsewhere = try store.makeDirectory("elsewhere")
        try FileManager.default.createSymbolicLink(
            atPath: store.path + "/locks", withDestinationPath: elsewhere)
        let error = #expect(throws: CoordinatorError.self) { try take() }
        #expect(error?.code == .permission)
        #expect(try FileManager.default.contentsOfDirectory(atPath: elsewhere).isEmpty)
    }

    @Test func worldWritableStoreIsRefused() throws {
        try FileManager.default.createDirectory(
            atPath: store.path, withIntermediateDirectories: false)
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: store.path)
        let error = #expect(throws: CoordinatorError.self) { try take() }
        #expect(error?.code == .permission)
    }

    @Test func storeThatIsAFileIsRefused() throws {
        try Data().write(to: URL(fileURLWithPath: store.path))
        let error = #expect(throws: CoordinatorError.self) { try take() }
        #expect(error?.code == .cannotCreate)
    }

    @Test func missingBellOnlyMakesTheWaiterLookAgain() async throws {
        let held = try #require(try take())
        try FileManager.default.removeItem(atPath: folder + "/0000000000000001.bell")
        let waiting = Event<Bool>()
        let order = Order()
        let (locks, name) = (locks, name)
        let wait = Task {
            try await Self.wait(locks, name, waiting: waiting) { order.note($0.token) }
        }
        _ = await waiting.wait()
        held.release()
        try await wait.value
        #expect(order.tokens == [2])
    }
}
