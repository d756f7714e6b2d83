// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Testing

@testable import Berth

@Suite("Ports, by chance")
struct PortPropertyTests {
    @Test(arguments: 0..<20 as Range<UInt64>)
    func aSetIsLikeASet(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var ports = PortSet()
        var model: Set<Int> = []
        for _ in 0..<200 {
            let port = Int.random(in: 1...400, using: &random)
            let length = Int.random(in: 0...70, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0:
                ports.insert(port)
                model.insert(port)
            case 1:
                ports.insert(port...(port + length))
                model.formUnion(port...(port + length))
            default:
                for port in port...(port + length) { ports.remove(port) }
                model.subtract(port...(port + length))
            }
        }
        for port in 1...500 { #expect(ports.contains(port) == model.contains(port)) }
        #expect(ports.ranges.flatMap { Array($0) } == model.sorted())
        for (one, next) in zip(ports.ranges, ports.ranges.dropFirst()) {
            #expect(one.upperBound + 1 < next.lowerBound)
        }
        let low = Int.random(in: 1...300, using: &random)
        #expect(
            ports.firstAbsent(in: low...500) == (low...500).first { !model.contains($0) })
        #expect(ports.count(in: low...500) == model.count { (low...500).contains($0) })
    }

    @Test(arguments: [[Int](), [0], [-1], [65_536], [Int.max]])
    func whatIsNoPortIsNotInASet(numbers: [Int]) {
        #expect(PortSet(numbers).isEmpty)
    }

    @Test(arguments: [
        (Int.min...0, 0), (-5...3, 3), (1...1, 1), (63...64, 2), (64...127, 64), (127...192, 66),
        (65_535...65_535, 1), (65_530...70_000, 6), (65_536...Int.max, 0),
        (Int.min...Int.max, 65_535),
    ])
    func ofARangeOnlyThePortsAreTakenIn(range: ClosedRange<Int>, count: Int) {
        var ports = PortSet()
        ports.insert(range)
        #expect(ports.count(in: PortSet.all) == count)
        #expect(ports.ranges == (count == 0 ? [] : [range.clamped(to: PortSet.all)]))
    }

    @Test func theLastPortIsOne() {
        var ports = PortSet([65_535])
        #expect(ports.ranges == [65_535...65_535])
        ports.insert(1...65_535)
        #expect(ports.ranges == [1...65_535])
        #expect(ports.firstAbsent(in: 1...65_535) == nil)
    }

    /// Any operations leave records that agree, and no port with two owners;
    /// what an owner has stays its own until it is ended.
    @Test(arguments: 0..<12 as Range<UInt64>)
    func anyOperationsLeaveRecordsThatAgree(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let bench = try PortBench()
        let paths = ["/p", "/p/q", "/p/q/r", "/s", "/t"]
        let tags: [String?] = [nil, "a", "b"]
        for _ in 0..<40 {
            let path = paths.randomElement(using: &random) ?? "/p"
            let tag = tags.randomElement(using: &random) ?? nil
            bench.now += Int64.random(in: 0...3, using: &random) * PortBench.day
            bench.gone = Set(paths.filter { _ in Int.random(in: 0..<6, using: &random) == 0 })
            bench.occupied = Set(
                (20...30).filter { _ in Int.random(in: 0..<6, using: &random) == 0 })
            let before = try bench.ports()
            let operation = try Self.operation(path, tag, paths, &random)
            do {
                let plan = try bench.perform(operation)
                var model = before
                for change in plan.changes {
                    switch change {
                    case .reserved(let new):
                        #expect(model[new.port] == nil)
                        model[new.port] = new.owner.description
                    case .renewed(let same):
                        #expect(model[same.port] == same.owner.description)
                    case .moved(let from, let to):
                        if model[from.port] == from.owner.description { model[from.port] = nil }
                        model[to.port] = to.owner.description
                    case .ended(let former, _):
                        #expect(model[former.port] == former.owner.description)
                        model[former.port] = nil
                    }
                }
                #expect(try bench.ports() == model)
            } catch is CoordinatorError {
                #expect(try bench.ports() == before)
            }
            #expect(try bench.contradictions() == [])
        }
    }

    private static func operation(
        _ path: String, _ tag: String?, _ paths: [String], _ random: inout SeededRandom
    ) throws -> PortOperation {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return .clean(PortCleanup(prunes: true, idleDays: 5))
        case 1:
            return .release(
                try PortSelection(
                    of: path, tags: Bool.random(using: &random) ? .all : .exactly(tag),
                    recursively: Bool.random(using: &random)))
        case 2:
            let target = paths.randomElement(using: &random) ?? "/u"
            return .migrate(
                try PortMigration(
                    from: path, to: target == path ? "/u" : target,
                    recursively: Bool.random(using: &random),
                    replacing: Bool.random(using: &random)))
        case 3, 4:
            let services = [PortGroup.Service("a"), PortGroup.Service("b", offset: 2)]
            let group = try PortGroup(Array(services.prefix(Int.random(in: 1...2, using: &random))))
            var request = try PortGroupRequest(group, for: path, in: 20...30)
            request.replaces = Bool.random(using: &random)
            return .reserve(request)
        default:
            var request = try PortRequest(
                for: path, tag: tag,
                preferring: Bool.random(using: &random)
                    ? nil : Int.random(in: 18...32, using: &random),
                in: 20...30)
            request.overwrites = Bool.random(using: &random)
            request.ignoresOccupied = Bool.random(using: &random)
            return .reserve(request)
        }
    }
}
