// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Testing

@testable import Berth

@Suite("The choice of a port")
struct PortChoiceTests {
    private func choose(
        _ range: ClosedRange<Int> = 10...14, preferring: Int? = nil, exactly: Bool = false,
        taken: [Int] = [], occupied: Set<Int> = [], excluded: [Int] = [],
        ignoringExclusions: Bool = false, ignoringOccupied: Bool = false
    ) -> Int? {
        var choice = PortChoice(range: range, preference: preferring)
        choice.isExact = exactly
        choice.taken = PortSet(taken)
        choice.excluded = PortSet(excluded)
        choice.ignoresExclusions = ignoringExclusions
        choice.ignoresOccupied = ignoringOccupied
        return choice.port(isOccupied: { (port) throws(Never) in occupied.contains(port) })
    }

    @Test func theLowestFreeOneIsChosen() {
        #expect(choose() == 10)
        #expect(choose(taken: [9, 10, 12]) == 11)
        #expect(choose(taken: [10, 11], occupied: [12]) == 13)
        #expect(choose(taken: [10, 11, 12, 13]) == 14)
    }

    @Test func noneIsChosenWhereNoneIsFree() {
        #expect(choose(taken: [10, 11, 12, 13, 14]) == nil)
        #expect(choose(occupied: [10, 11, 12, 13, 14]) == nil)
        #expect(choose(7...7, taken: [7]) == nil)
    }

    @Test func aPreferenceComesFirstAndFallsBack() {
        #expect(choose(preferring: 13) == 13)
        #expect(choose(preferring: 90) == 90)
        #expect(choose(preferring: 13, taken: [13]) == 10)
        #expect(choose(preferring: 13, occupied: [13]) == 10)
        #expect(choose(preferring: 90, taken: [10, 90]) == 11)
    }

    @Test func anExactPreferenceDoesNotFallBack() {
        #expect(choose(preferring: 13, exactly: true) == 13)
        #expect(choose(preferring: 13, exactly: true, taken: [13]) == nil)
        #expect(choose(preferring: 13, exactly: true, occupied: [13]) == nil)
    }

    @Test func anExcludedOneIsPassedOver() {
        #expect(choose(excluded: [10, 11]) == 12)
        #expect(choose(preferring: 12, excluded: [12]) == 10)
        #expect(choose(excluded: [10, 11, 12, 13, 14]) == nil)
    }

    @Test func onlyThePreferredOneMayBeExcludedOrInUse() {
        #expect(choose(preferring: 12, excluded: [12], ignoringExclusions: true) == 12)
        #expect(choose(preferring: 12, occupied: [12], ignoringOccupied: true) == 12)
        #expect(choose(preferring: 12, occupied: [10, 12], excluded: [12]) == 11)
        #expect(
            choose(
                preferring: 12, taken: [12], occupied: [10], excluded: [11],
                ignoringExclusions: true, ignoringOccupied: true) == 13)
    }

    @Test func nothingBeyondTheChoiceIsProbed() {
        var probed: [Int] = []
        var choice = PortChoice(range: 10...14)
        choice.taken = PortSet([10])
        let port = choice.port(isOccupied: { (port) throws(Never) in
            probed.append(port)
            return port == 11
        })
        #expect(port == 12)
        #expect(probed == [11, 12])
    }
}

@Suite("Reserving ports")
struct PortReservationTests {
    private let store: TemporaryStore
    private let berth: Coordinator

    init() throws {
        store = try TemporaryStore()
        berth = try Coordinator.open(at: store.path, durability: .process)
    }

    private func reserve(
        _ request: PortRequest, at moment: Int64 = 1, occupied: Set<Int> = []
    ) throws -> PortReservation {
        try berth.transaction { transaction in
            try transaction.reservePort(request, at: moment) { (port) throws(SystemError) in
                occupied.contains(port)
            }
        }
    }

    @Test func theSameOwnerKeepsItsPort() throws {
        let first = try reserve(PortRequest(for: "/a", in: 10...20))
        #expect(first.port == 10)
        let again = try reserve(
            PortRequest(for: "/x/../a/", preferring: 15, in: 30...40), at: 2, occupied: [10])
        #expect(again.port == 10)
        #expect(again.created == 1 && again.used == 2)
        #expect(try berth.ports.list() == [again])
    }

    @Test func tagsTellPortsOfOneDirectoryApart() throws {
        #expect(try reserve(PortRequest(for: "/a", in: 10...20)).port == 10)
        #expect(try reserve(PortRequest(for: "/a", tag: "web", in: 10...20)).port == 11)
        #expect(try reserve(PortRequest(for: "/a", tag: "api", in: 10...20)).port == 12)
        #expect(try reserve(PortRequest(for: "/a", tag: "web", in: 10...20)).port == 11)
    }

    @Test func aReleasedPortIsGivenOutAgain() throws {
        #expect(try reserve(PortRequest(for: "/a", in: 10...20)).port == 10)
        #expect(try berth.ports.release(for: "/a").port == 10)
        #expect(try berth.ports.list().isEmpty)
        #expect(try reserve(PortRequest(for: "/b", in: 10...20)).port == 10)
        let error = #expect(throws: CoordinatorError.self) { try berth.ports.release(for: "/a") }
        #expect(error?.code == .notFound)
    }

    @Test func anExactPortThatIsNotFreeIsRefused() throws {
        _ = try reserve(PortRequest(for: "/a", preferring: 10, exactly: true))
        for request in [
            try PortRequest(for: "/b", preferring: 10, exactly: true),
            try PortRequest(for: "/a", preferring: 11, exactly: true),
        ] {
            let error = #expect(throws: CoordinatorError.self) { try reserve(request) }
            #expect(error?.code == .unavailable)
        }
        #expect(try berth.ports.list().map(\.port) == [10])
    }

    @Test func aTransactionThatThrowsReservesNothing() throws {
        struct Abandoned: Error {}
        #expect(throws: Abandoned.self) {
            try berth.transaction { transaction in
                _ = try transaction.reservePort(PortRequest(for: "/a", in: 10...20), at: 1) {
                    (_) throws(SystemError) in false
                }
                throw Abandoned()
            }
        }
        #expect(try berth.ports.list().isEmpty)
    }

    @Test func aPortAndAValueChangeTogether() throws {
        let port = try berth.transaction { transaction in
            let reservation = try transaction.reservePort(
                PortRequest(for: "/a", in: 10...20), at: 1
            ) { (_) throws(SystemError) in false }
            try transaction.setValue("10".utf8, forKey: "a/port")
            return reservation.port
        }
        #expect(port == 10)
        #expect(try berth.values.value(forKey: "a/port")?.json == Array("10".utf8))
    }

    @Test func asynchronousTwinsDoTheSame() async throws {
        let reservation = try await berth.ports.reserve(for: "/a", tag: "web")
        #expect(try await berth.ports.list() == [reservation])
        #expect(try await berth.ports.release(for: "/a", tag: "web") == reservation)
    }

    @Test func aDamagedRecordIsNamed() throws {
        _ = try reserve(PortRequest(for: "/a", in: 10...20))
        try berth.store.write("test") { transaction in
            try transaction.set(PortRecords.item(10), Array("{}".utf8))
        }
        let error = #expect(throws: CoordinatorError.self) { try berth.ports.list() }
        #expect(error?.code == .damaged)
        #expect(error?.message.contains("ports/item/00010") == true)
    }
}
