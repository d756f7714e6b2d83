// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Testing

@testable import Berth

@Suite("Reserving ports, by the rules")
struct PortReservingTests {
    private let bench: PortBench

    init() throws {
        bench = try PortBench()
    }

    private func refusal(_ body: () throws -> Void) -> CoordinatorError? {
        #expect(throws: CoordinatorError.self) { try body() }
    }

    // MARK: Labels

    @Test func projectAndTaskAreKept() throws {
        let first = try bench.reserve("/a") {
            $0.project = .named("shop")
            $0.task = .named("one")
        }
        #expect(first.project == "shop" && first.task == "one")
        let again = try bench.reserve("/a")
        #expect(again.project == "shop" && again.task == "one")
        let same = try bench.reserve("/a") { $0.project = .named("shop") }
        #expect(same.project == "shop")
    }

    @Test func aChangeOfLabelsIsAskedForByName() throws {
        _ = try bench.reserve("/a") { $0.project = .named("shop") }
        let refused = refusal { _ = try bench.reserve("/a") { $0.project = .named("other") } }
        #expect(refused?.code == .unavailable)
        #expect(refused?.message.contains("--allow-project-change") == true)
        #expect(refusal { _ = try bench.reserve("/a") { $0.task = .named("t") } } != nil)
        #expect(refusal { _ = try bench.reserve("/a") { $0.project = .cleared } } != nil)
        let changed = try bench.reserve("/a") {
            $0.project = .named("other")
            $0.allowsProjectChange = true
        }
        #expect(changed.project == "other" && changed.port == 10)
        let cleared = try bench.reserve("/a") {
            $0.project = .cleared
            $0.allowsProjectChange = true
        }
        #expect(cleared.project == nil)
    }

    // MARK: Whose port it is

    @Test func noFlagTakesAPortOfAnother() throws {
        _ = try bench.reserve("/a", preferring: 12)
        let forced = try bench.reserve("/b", preferring: 12) {
            $0.overwrites = true
            $0.ignoresOccupied = true
            $0.ignoresExclusions = true
            $0.allowsProjectChange = true
        }
        #expect(forced.port == 10)
        let exact = try PortRequest(for: "/c", preferring: 12, exactly: true, in: 10...13)
        #expect(refusal { _ = try bench.reserve(exact) }?.code == .unavailable)
        #expect(try bench.ports() == [10: "/b", 12: "/a"])
        #expect(try bench.contradictions() == [])
    }

    @Test func overwritingChoosesAnew() throws {
        let first = try bench.reserve("/a", preferring: 12)
        bench.now += 5
        #expect(try bench.reserve("/a", preferring: 13).port == 12)
        let moved = try bench.reserve("/a", preferring: 13) { $0.overwrites = true }
        #expect(moved.port == 13 && moved.created == first.created && moved.used == bench.now)
        #expect(try bench.reserve("/a", preferring: 13) { $0.overwrites = true }.port == 13)
        #expect(try bench.reserve("/a") { $0.overwrites = true }.port == 10)
        #expect(try bench.contradictions() == [])
    }

    @Test func overwritingThatFindsNothingLeavesAllAsItWas() throws {
        let before = try bench.reserve("/a", preferring: 12)
        for path in ["/b", "/c", "/d"] { _ = try bench.reserve(path) }
        bench.occupied = [12]
        #expect(refusal { _ = try bench.reserve("/a") { $0.overwrites = true } } != nil)
        #expect(try bench.berth.ports.reservation(ofPort: 12) == before)
        #expect(try bench.contradictions() == [])
    }

    @Test func excludedPortsAndThoseInUseArePassedOver() throws {
        bench.occupied = [11]
        let reservation = try bench.reserve("/a") { $0.excluded = PortSet([10]) }
        #expect(reservation.port == 12)
        #expect(try bench.reserve("/b") { $0.occupancy = .unchecked }.port == 10)
    }

    // MARK: A full range

    @Test func aFullRangeIsClearedOfWhatNobodyNeeds() throws {
        for (index, path) in ["/a", "/b", "/c", "/d"].enumerated() {
            bench.now += Int64(index) * 10 * PortBench.day
            _ = try bench.reserve(path)
        }
        #expect(refusal { _ = try bench.reserve("/e") { $0.cleanup.idleDays = nil } } != nil)
        bench.gone = ["/c"]
        #expect(
            refusal {
                _ = try bench.reserve("/e") {
                    $0.cleanup = PortCleanup(prunes: false, idleDays: nil)
                }
            } != nil)
        #expect(try bench.reserve("/e") { $0.cleanup.idleDays = nil }.port == 12)
        // /a was asked for 60 days ago, /b 50.
        #expect(
            try bench.reserve("/f") { $0.cleanup = PortCleanup(prunes: false, idleDays: 55) }
                .port == 10)
        #expect(try bench.ports() == [10: "/f", 11: "/b", 12: "/e", 13: "/d"])
        #expect(try bench.contradictions() == [])
    }

    @Test func aCleanupThatDoesNotHelpIsUndone() throws {
        for path in ["/a", "/b", "/c", "/d"] { _ = try bench.reserve(path) }
        bench.gone = ["/a"]
        bench.occupied = [10]
        #expect(refusal { _ = try bench.reserve("/e") } != nil)
        #expect(try bench.ports().count == 4)
    }

    @Test func oneThatWasReservedOutsideTheRangeStays() throws {
        _ = try bench.reserve("/far", in: 50...50)
        for path in ["/a", "/b", "/c", "/d"] { _ = try bench.reserve(path) }
        bench.gone = ["/far", "/b"]
        #expect(try bench.reserve("/e").port == 11)
        #expect(try bench.ports()[50] == "/far")
    }

    // MARK: Terms

    @Test func aReservationEndsWithItsProcess() throws {
        try bench.hold(try bench.reserve("/a"), 41)
        #expect(try bench.reserve("/a").process == 41)
        bench.dead = [41]
        let next = try bench.reserve("/b", preferring: 10)
        #expect(next.port == 10 && next.process == nil)
        #expect(try bench.ports() == [10: "/b"])
    }

    @Test func itsOwnerBeginsAnewOnTheSamePort() throws {
        _ = try bench.reserve("/b")
        let first = try bench.reserve("/a")
        try bench.hold(first, 41)
        _ = try bench.berth.ports.release(for: "/b")
        bench.dead = [41]
        bench.now += 9
        let again = try bench.reserve("/a")
        #expect(again.port == first.port && again.created == bench.now && again.process == nil)
        #expect(try bench.contradictions() == [])
    }

    @Test func aLeaseEndsWithItsTimeOrItsBoot() throws {
        for boot in ["this-boot", "another"] {
            let bench = try PortBench()
            let reservation = try bench.reserve("/a") { $0.timeToLive = .seconds(3) }
            #expect(reservation.isLeased)
            bench.sinceBoot += 2_900_000_000
            #expect(try bench.judge.end(of: reservation.terms) == nil)
            if boot == bench.boot { bench.sinceBoot += 200_000_000 }
            bench.boot = boot
            #expect(try bench.judge.end(of: reservation.terms) == .leaseEnded)
            #expect(try bench.reserve("/b", preferring: 10).port == 10)
        }
    }

    @Test func askingAgainProlongsALease() throws {
        _ = try bench.reserve("/a") { $0.timeToLive = .seconds(3) }
        bench.sinceBoot += 2_000_000_000
        _ = try bench.reserve("/a") { $0.timeToLive = .seconds(3) }
        bench.sinceBoot += 2_000_000_000
        let last = try bench.reserve("/a")
        #expect(last.isLeased)
        #expect(try bench.judge.end(of: last.terms) == nil)
    }

    @Test func anotherProcessIsRefusedWhileTheFirstLives() throws {
        try bench.hold(try bench.reserve("/a"), 41)
        let own = CurrentProcess.identifier
        let refused = refusal { _ = try bench.reserve("/a") { $0.process = own } }
        #expect(refused?.code == .busy)
        #expect(refused?.message.contains("process 41") == true)
        bench.dead = [41]
        #expect(try bench.reserve("/a") { $0.process = own }.process == own)
    }

    @Test func whatHasEndedIsNotListed() throws {
        let lease = ReservationLease(boot: "long ago", timeNamespace: 1, end: .max)
        try bench.setTerms(of: try bench.reserve("/a"), ReservationTerms(lease: lease))
        #expect(try bench.berth.ports.list().isEmpty)
        #expect(try bench.berth.ports.reservation(ofPort: 10) == nil)
        #expect(try bench.berth.ports.reservation(for: "/a") == nil)
        #expect(try bench.ports().count == 1)
        let plan = try bench.berth.ports.perform(.clean(PortCleanup(prunes: false, idleDays: nil)))
        #expect(plan.ended.map(\.port) == [10])
        #expect(try bench.ports().isEmpty)
    }

    @Test func termsThatAreDamagedAreNoTerms() throws {
        _ = try bench.reserve("/a")
        try bench.berth.store.write("test") { base in
            let text = #"{"port":10,"path":"/a","created":1,"used":1,"lease":{"boot":1}}"#
            try base.set(PortRecords.item(10), Array(text.utf8))
        }
        #expect(refusal { _ = try bench.berth.ports.list() }?.code == .damaged)
    }

    // MARK: Older stores

    @Test func portsOfAnOlderVersionAreSeen() throws {
        // Records as that version wrote them: none of the stretches.
        try bench.berth.store.write("old") { base in
            for port in 10...12 {
                let owner = try PortOwner(path: "/old\(port)", tag: "web")
                let text =
                    #"{"port":\#(port),"path":"/old\#(port)","tag":"web","created":1,"#
                    + #""used":\#(self.bench.now)}"#
                try base.set(PortRecords.item(port), Array(text.utf8))
                try base.set(owner.record, PortRecords.value(port))
            }
        }
        #expect(try bench.reserve("/old11", tag: "web").port == 11)
        #expect(try bench.reserve("/new").port == 13)
        #expect(try bench.contradictions() == [])
    }

    @Test func aPortThatAnOlderVersionGaveBackIsFoundAgain() throws {
        for path in ["/a", "/b", "/c", "/d"] { _ = try bench.reserve(path) }
        try bench.berth.store.write("old") { base in
            base.delete(PortRecords.item(11))
            base.delete(try PortOwner(path: "/b", tag: nil).record)
        }
        #expect(try bench.reserve("/e").port == 11)
        #expect(try bench.contradictions() == [])
    }

    // MARK: Plans

    @Test func aPlanIsWhatIsDoneAndDoesNothing() throws {
        let berth = bench.berth
        let request = try PortRequest(for: "/a", tag: "web", in: 47_100...47_200)
        let plan = try berth.ports.plan(.reserve(request))
        #expect(try !berth.hasStore())
        let done = try berth.ports.perform(.reserve(request))
        #expect(plan.reservations.map(\.port) == done.reservations.map(\.port))
        let release = PortOperation.release(try PortSelection(of: "/a"))
        #expect(try berth.ports.plan(release).ended == done.reservations)
        #expect(try berth.ports.list() == done.reservations)
        #expect(try berth.ports.perform(release).ended == done.reservations)
        #expect(try berth.ports.list().isEmpty)
    }

    // MARK: Once, and by configuration

    @Test func underAnIdAReservationHappensOnce() throws {
        let ports = bench.berth.ports
        let request = try PortRequest(for: "/a", in: 47_201...47_299)
        let first = try ports.once(OperationID("one")).reserve(request)
        try ports.release(for: "/a")
        #expect(try ports.once(OperationID("one")).reserve(request) == first)
        #expect(try ports.list().isEmpty)
        let again = try ports.reserve(request)
        #expect(try ports.once(OperationID("two")).release(for: "/a") == again)
        _ = try ports.reserve(request)
        #expect(try ports.once(OperationID("two")).release(for: "/a") == again)
        #expect(try ports.list().count == 1)
        let failed = ports.once(try OperationID("three"))
        #expect(refusal { try failed.release(for: "/none") }?.code == .notFound)
        #expect(refusal { try failed.release(for: "/none") }?.code == .notFound)
    }

    @Test func everyPlanIsReadBackAsItWas() throws {
        var plan = try bench.perform(
            .reserve(try PortRequest(for: "/a", tag: "ä\\\"", in: 10...13)))
        plan.changes += try bench.perform(
            .migrate(try PortMigration(from: "/a", to: "/b"))
        ).changes
        plan.changes += try bench.perform(
            .reserve(try PortRequest(for: "/b", tag: "ä\\\"", in: 10...13))
        ).changes
        bench.gone = ["/b"]
        plan.changes += try bench.perform(.clean(PortCleanup())).changes
        #expect(plan.changes.count == 4)
        #expect(PortPlan(json: plan.json) == plan)
        #expect(PortPlan(json: Array("{}".utf8)) == nil)
    }

    @Test func aConfigurationIsARequest() throws {
        var configuration = PortConfiguration()
        configuration.lowest = 12
        configuration.highest = 13
        configuration.excluded.insert(12)
        configuration.project = "shop"
        let reservation = try bench.reserve(try PortRequest(configuration, for: "/a"))
        #expect(reservation.port == 13 && reservation.project == "shop")
        #expect(
            refusal { _ = try PortGroupRequest(configuration, for: "/a") }?.code == .configuration)
    }
}
