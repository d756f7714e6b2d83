// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Testing

@testable import Berth

/// Changes that are asked for again under the same id.
@Suite("Operations with an id")
struct OperationTests {
    private let store: TemporaryStore
    private let berth: Coordinator

    init() throws {
        store = try TemporaryStore()
        berth = try Coordinator.open(at: store.path, durability: .process)
    }

    private func code(_ body: () throws -> Void) -> CoordinatorError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? CoordinatorError)?.code
        }
    }

    @Test func aRetryGetsTheFirstAnswerAndChangesNothing() throws {
        let once = berth.values.once(try OperationID("first"))
        let version = try once.set("1".utf8, forKey: "x", if: .absent)
        try berth.values.set("2".utf8, forKey: "x")
        let before = try berth.information().transaction
        #expect(try once.set("1".utf8, forKey: "x", if: .absent) == version)
        #expect(try berth.values.value(forKey: "x")?.text == "2")
        #expect(try berth.information().transaction == before)
        let again = try Coordinator.open(at: store.path).values.once(OperationID("first"))
        #expect(try again.set("1".utf8, forKey: "x", if: .absent) == version)
    }

    @Test func aPortIsReservedAndReleasedOnce() throws {
        let first = try berth.ports.once(OperationID("a")).reserve(for: "/srv/a")
        #expect(try berth.ports.once(OperationID("b")).release(for: "/srv/a") == first)
        // The reservation is gone, and what came first is told again.
        #expect(try berth.ports.once(OperationID("a")).reserve(for: "/srv/a") == first)
        #expect(try berth.ports.once(OperationID("b")).release(for: "/srv/a") == first)
        #expect(try berth.ports.list().isEmpty)
    }

    private struct Answer: Codable, Equatable { var count: Int }

    @Test func aBodyRunsOnce() throws {
        let id = try OperationID("body")
        func count() throws -> Answer {
            try berth.transaction(once: id, "count") { transaction in
                let before = try transaction.value(forKey: "n").flatMap { Int($0.text) } ?? 0
                try transaction.setValue(String(before + 1).utf8, forKey: "n")
                return Answer(count: before + 1)
            }
        }
        #expect(try count() == Answer(count: 1))
        #expect(try count() == Answer(count: 1))
        #expect(try berth.values.value(forKey: "n")?.text == "1")
    }

    @Test func theAsynchronousTwinDoesTheSame() async throws {
        let id = try OperationID("body")
        for count in [1, 2] {
            let answer = try await berth.transaction(once: id) { _ in Answer(count: count) }
            #expect(answer == Answer(count: 1))
        }
    }

    @Test func anUpdateHappensOnce() throws {
        let once = berth.values.once(try OperationID("update"))
        func update() throws -> UInt64 {
            try once.update("n") { value in
                String((value.flatMap { Int($0.text) } ?? 0) + 1).utf8
            }
        }
        let version = try update()
        #expect(try update() == version)
        #expect(try berth.values.value(forKey: "n")?.text == "1")
    }

    @Test func anIdIsOfOneChange() throws {
        let once = berth.values.once(try OperationID("mine"))
        try once.set("1".utf8, forKey: "x")
        #expect(code { try once.set("2".utf8, forKey: "x") } == .invalid)
        #expect(code { try once.set("1".utf8, forKey: "y") } == .invalid)
        #expect(code { try once.delete("x") } == .invalid)
        #expect(try berth.values.list().map(\.text) == ["1"])
        for text in ["", "a b", "a\n", String(repeating: "x", count: 256)] {
            #expect(code { _ = try OperationID(text) } == .invalid)
        }
    }

    @Test func aFailureIsNotKept() throws {
        let once = berth.values.once(try OperationID("late"))
        #expect(code { try once.delete("x") } == .notFound)
        try berth.values.set("1".utf8, forKey: "x")
        try once.delete("x")
        #expect(try berth.values.list().isEmpty)
    }

    @Test func theOldestIsForgottenAndTheRecordsDoNotGrow() throws {
        let once = berth.values.once(try OperationID("oldest"))
        let version = try once.set("1".utf8, forKey: "x")
        func others(_ range: Range<Int>) throws {
            try berth.write("others") { transaction in
                for number in range {
                    let id = try OperationID("other" + String(number))
                    try transaction.keep(
                        [UInt8(ascii: "0")], of: Operation(id: id, name: "other", request: []))
                }
            }
        }
        let kept = Int(OperationRecords.kept)
        try others(1..<kept)
        #expect(try once.set("1".utf8, forKey: "x") == version)
        try others(kept..<kept + 1)
        #expect(try once.set("1".utf8, forKey: "x") > version)
        var records = 0
        try berth.store.read { view in
            try view.forEach(prefix: "operations/") { _ in
                records += 1
                return true
            }
        }
        #expect(records == 2 * kept + 1)
    }
}

/// The same, across ends of processes and of the machine.
@Suite("Operations with an id, and crashes")
struct OperationCrashTests {
    private func coordinator(
        _ process: SimulatedProcess, boot: Int = 1, rotationBytes: Int
    ) -> Coordinator {
        var options = StoreOptions()
        options.lockTimeout = nil
        var limits = StoreLimits.small
        limits.rotationBytes = rotationBytes
        return Coordinator(
            path: Store.simulatedPath, options: options,
            environment: .simulated(process, boot: boot, limits: limits))
    }

    private func count(_ berth: Coordinator, _ id: String) throws -> Int {
        try berth.transaction(once: OperationID(id), "count") { transaction in
            let before = try transaction.value(forKey: "n").flatMap { Int($0.text) } ?? 0
            try transaction.setValue(String(before + 1).utf8, forKey: "n")
            return before + 1
        }
    }

    /// With an id that was counted before, and rotations meanwhile or not.
    private func start(rotationBytes: Int) throws -> DiskState {
        let disk = SimulatedDisk()
        let berth = coordinator(SimulatedProcess(on: disk), rotationBytes: rotationBytes)
        #expect(try count(berth, "first") == 1)
        for _ in 0..<20 { _ = try berth.values.set("0".utf8, forKey: "other") }
        disk.state.sync()
        return disk.state
    }

    @Test(arguments: [1, 4096])
    func aRetryAfterACrashHasOneEffect(rotationBytes: Int) throws {
        let disk = SimulatedDisk(try start(rotationBytes: rotationBytes))
        let points = try disk.recording {
            let berth = coordinator(SimulatedProcess(on: disk), rotationBytes: rotationBytes)
            let counted = try count(berth, "second")
            #expect(counted == 2)
        }
        #expect(points.count > 3)
        for point in points {
            for (state, boot) in [(point.state, 1), (point.state.afterWorstPowerCut, 2)] {
                let found = SimulatedDisk(state)
                for _ in 0..<2 {
                    let berth = coordinator(
                        SimulatedProcess(on: found), boot: boot, rotationBytes: rotationBytes)
                    #expect(try count(berth, "second") == 2, "before \(point.next)")
                    #expect(try count(berth, "first") == 1, "before \(point.next)")
                    #expect(try berth.values.value(forKey: "n")?.text == "2")
                }
            }
        }
    }

    /// A call fails, in one of all ways; the caller asks again by the same id.
    @Test(arguments: [false, true])
    func aRetryAfterAnErrorHasOneEffect(isSticky: Bool) throws {
        let state = try start(rotationBytes: 4096)
        var index = 0
        var indeterminate = 0
        while true {
            index += 1
            let disk = SimulatedDisk(state)
            let process = SimulatedProcess(
                on: disk, faults: [Fault(.fails(.inputOutput), at: index, isSticky: isSticky)])
            let berth = coordinator(process, rotationBytes: 4096)
            do {
                #expect(try count(berth, "second") == 2)
            } catch let error as CoordinatorError {
                if error.code == .indeterminate { indeterminate += 1 }
            }
            guard process.hasMetFault else { break }
            process.heal()
            #expect(try count(berth, "second") == 2, "fault \(index)")
            let other = coordinator(SimulatedProcess(on: disk), rotationBytes: 4096)
            #expect(try count(other, "second") == 2)
            #expect(try other.values.value(forKey: "n")?.text == "2")
        }
        #expect(index > 5)
        #expect(!isSticky || indeterminate > 0)
    }
}
