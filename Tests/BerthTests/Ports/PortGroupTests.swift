// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Testing

@testable import Berth

@Suite("Groups of ports")
struct PortGroupTests {
    private let bench: PortBench

    init() throws {
        bench = try PortBench()
    }

    private static func group(
        _ services: (String, Int, Int?)..., base: Int? = nil
    ) throws -> PortGroup {
        try PortGroup(
            services.map { PortGroup.Service($0.0, offset: $0.1, preferring: $0.2) }, base: base)
    }

    private func reserve(
        _ group: PortGroup, in range: ClosedRange<Int> = 10...19,
        _ change: (inout PortGroupRequest) -> Void = { _ in }
    ) throws -> [String: Int] {
        var request = try PortGroupRequest(group, for: "/p", in: range)
        change(&request)
        let plan = try bench.perform(.reserve(request))
        var ports: [String: Int] = [:]
        for reservation in plan.reservations { ports[reservation.tag ?? ""] = reservation.port }
        #expect(try bench.contradictions() == [])
        return ports
    }

    // MARK: Allocation

    @Test func offsetsLieAboveOneBase() throws {
        let group = try Self.group(("web", 0, nil), ("api", 1, nil), ("db", 4, nil))
        #expect(try reserve(group) == ["web": 10, "api": 11, "db": 14])
    }

    @Test func theLowestBaseThatFitsIsTaken() throws {
        _ = try bench.reserve("/x", preferring: 11)
        bench.occupied = [14]
        let group = try Self.group(("web", 0, nil), ("api", 1, nil))
        #expect(try reserve(group) == ["web": 12, "api": 13])
        let wide = try Self.group(("a", 0, nil), ("b", 5, nil), base: 13)
        let request = try PortGroupRequest(wide, for: "/q", in: 10...21)
        let plan = try bench.perform(.reserve(request))
        #expect(plan.reservations.map(\.port) == [15, 20])
    }

    @Test func aPreferredPortIsTakenOrElseTheOffset() throws {
        let group = try Self.group(("web", 0, 80), ("api", 1, 81), ("db", 2, nil))
        bench.occupied = [81]
        #expect(try reserve(group) == ["web": 80, "api": 11, "db": 12])
        bench.occupied = []
        #expect(try reserve(group) == ["web": 80, "api": 11, "db": 12])
    }

    @Test func aGroupThatDoesNotFitTakesNothing() throws {
        let group = try Self.group(("web", 0, nil), ("api", 10, nil))
        let error = #expect(throws: CoordinatorError.self) { try reserve(group) }
        #expect(error?.code == .unavailable)
        #expect(try bench.ports().isEmpty)
    }

    @Test func aFullRangeIsClearedOfWhatNobodyNeeds() throws {
        for port in 10...19 { _ = try bench.reserve("/x\(port)", in: 10...19) }
        let group = try Self.group(("web", 0, nil), ("api", 1, nil))
        #expect(throws: CoordinatorError.self) { try reserve(group) }
        bench.gone = ["/x14", "/x15"]
        #expect(try reserve(group) == ["web": 14, "api": 15])
    }

    // MARK: Asking again

    @Test func theSameGroupKeepsItsPorts() throws {
        let group = try Self.group(("web", 0, nil), ("api", 1, nil))
        let first = try reserve(group)
        let created = try bench.berth.ports.list().map(\.created)
        bench.now += 7
        bench.occupied = [10, 11]
        #expect(try reserve(group, in: 30...39) == first)
        #expect(try bench.berth.ports.list().map(\.created) == created)
        #expect(try bench.berth.ports.list().map(\.used) == [bench.now, bench.now])
    }

    @Test(arguments: [
        [("web", 0), ("api", 2)], [("web", 0)], [("web", 0), ("api", 1), ("db", 2)],
        [("other", 0)],
    ])
    func aChangedShapeIsRefusedOrReplacedWhole(shape: [(String, Int)]) throws {
        let before = try reserve(try Self.group(("web", 0, nil), ("api", 1, nil)))
        let changed = try PortGroup(shape.map { PortGroup.Service($0.0, offset: $0.1) })
        let error = #expect(throws: CoordinatorError.self) { try reserve(changed) }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("--force") == true)
        #expect(try bench.ports().count == before.count)
        let after = try reserve(changed) { $0.replaces = true }
        #expect(after.count == shape.count)
        #expect(try bench.ports().count == shape.count)
        #expect(try reserve(changed) == after)
    }

    @Test func portsBelowANewBaseAreRefusedOrReplaced() throws {
        #expect(try reserve(try Self.group(("web", 0, nil))) == ["web": 10])
        let higher = try Self.group(("web", 0, nil), base: 15)
        let error = #expect(throws: CoordinatorError.self) { try reserve(higher) }
        #expect(error?.code == .unavailable)
        #expect(try bench.ports().keys.sorted() == [10])
        #expect(try reserve(higher) { $0.replaces = true } == ["web": 15])
        let lower = try Self.group(("web", 0, nil), base: 10)
        #expect(try reserve(lower) == ["web": 15])
    }

    @Test func anOffsetThatLeavesNoPortForTheBaseIsRefused() throws {
        #expect(try reserve(try Self.group(("web", 0, nil))) == ["web": 10])
        let error = #expect(throws: CoordinatorError.self) {
            try reserve(try Self.group(("web", 10, nil)), in: 10...29)
        }
        #expect(error?.code == .unavailable)
        #expect(try reserve(try Self.group(("web", 9, nil))) == ["web": 10])
    }

    @Test func aReplacementThatFindsNoRoomLeavesTheOldGroup() throws {
        _ = try reserve(try Self.group(("web", 0, nil), ("api", 1, nil)))
        let before = try bench.ports()
        let wide = try Self.group(("web", 0, nil), ("api", 30, nil))
        #expect(throws: CoordinatorError.self) { try reserve(wide) { $0.replaces = true } }
        #expect(try bench.ports() == before)
        #expect(try reserve(try Self.group(("web", 0, nil), ("api", 1, nil))).count == 2)
    }

    @Test func aGroupOfWhichOneIsMissingDoesNotFit() throws {
        let group = try Self.group(("web", 0, nil), ("api", 1, nil))
        _ = try reserve(group)
        _ = try bench.berth.ports.release(for: "/p", tag: "api")
        #expect(throws: CoordinatorError.self) { try reserve(group) }
        _ = try bench.berth.ports.release(for: "/p", tag: "web")
        #expect(try reserve(group).count == 2)
    }

    @Test func otherPortsOfTheDirectoryAreNotOfTheGroup() throws {
        let group = try Self.group(("web", 0, nil))
        _ = try reserve(group)
        _ = try bench.reserve("/p", tag: "debug", in: 10...19)
        _ = try bench.reserve("/p", in: 10...19)
        #expect(try reserve(group).count == 1)
        #expect(try bench.ports().count == 3)
    }

    @Test func aGroupGoesAlongWithItsDirectory() throws {
        let group = try Self.group(("web", 0, nil), ("api", 1, nil))
        let before = try reserve(group)
        try bench.perform(.migrate(try PortMigration(from: "/p", to: "/q")))
        try bench.perform(.migrate(try PortMigration(from: "/q", to: "/p")))
        #expect(try reserve(group) == before)
        let less = try Self.group(("web", 0, nil))
        #expect(throws: CoordinatorError.self) { try reserve(less) }
    }

    // MARK: What is no group

    @Test(arguments: [
        [], [PortGroup.Service("")], [PortGroup.Service("a"), PortGroup.Service("a", offset: 1)],
        [PortGroup.Service("a"), PortGroup.Service("b")],
        [PortGroup.Service("a", offset: -1)], [PortGroup.Service("a", offset: 65_535)],
        [PortGroup.Service("a", preferring: 0)], [PortGroup.Service("a", preferring: 65_536)],
        [PortGroup.Service("a", variable: "A;rm -rf ~")], [PortGroup.Service("a", variable: "")],
        [PortGroup.Service("a", variable: "1A")], [PortGroup.Service("a", variable: "A-B")],
        [PortGroup.Service("a", variable: "A\nB")], [PortGroup.Service("a", variable: "Ä")],
        [PortGroup.Service("a", variable: String(repeating: "A", count: 256))],
        [PortGroup.Service("a b")], [PortGroup.Service("$(id)")],
        [
            PortGroup.Service("a", variable: "PORT"),
            PortGroup.Service("b", offset: 1, variable: "port"),
        ],
        [PortGroup.Service("a-b"), PortGroup.Service("a_b", offset: 1)],
    ])
    func isRefused(services: [PortGroup.Service]) {
        let error = #expect(throws: CoordinatorError.self) { try PortGroup(services) }
        #expect(error?.code == .invalid)
    }

    @Test func aBaseOutsideTheRangeIsRefused() throws {
        let group = try Self.group(("web", 0, nil), base: 100)
        #expect(throws: CoordinatorError.self) { try PortGroupRequest(group, in: 10...19) }
    }

    // MARK: Properties

    @Test(arguments: 0..<60 as Range<UInt64>)
    func whateverIsChosenIsFreeAndAsSmallAsCanBe(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let range = 100...Int.random(in: 100...160, using: &random)
        var taken = PortSet()
        for port in 90...170 where Int.random(in: 0..<3, using: &random) == 0 { taken.insert(port) }
        let occupied = Set((90...170).filter { _ in Int.random(in: 0..<5, using: &random) == 0 })
        var offsets = Array(0...12)
        offsets.shuffle(using: &random)
        let services = (0..<Int.random(in: 1...5, using: &random)).map { place in
            let preference =
                Bool.random(using: &random) ? nil : Int.random(in: 90...170, using: &random)
            return PortGroup.Service("s\(place)", offset: offsets[place], preferring: preference)
        }
        let group = try PortGroup(services)
        var choice = PortGroupChoice(group: group, range: range)
        choice.taken = taken
        let ports = try choice.ports { occupied.contains($0) }

        func isFree(_ port: Int) -> Bool { !taken.contains(port) && !occupied.contains(port) }
        var pinned: [Int] = []
        for service in group.services {
            if let wish = service.preference, isFree(wish), !pinned.contains(wish) {
                pinned.append(wish)
            }
        }
        guard let ports else {
            // No base would have done for those that found no preferred port.
            var rest: [Int] = []
            var left = pinned
            for service in group.services {
                if let wish = service.preference, let place = left.firstIndex(of: wish) {
                    left.remove(at: place)
                } else {
                    rest.append(service.offset)
                }
            }
            let base = range.first { base in
                rest.allSatisfy {
                    range.contains(base + $0) && isFree(base + $0) && !pinned.contains(base + $0)
                }
            }
            #expect(base == nil)
            return
        }
        #expect(ports.allSatisfy(isFree))
        #expect(Set(ports).count == ports.count)
        #expect(group.fits(ports))
        #expect(Set(pinned).isSubset(of: ports))
    }
}
