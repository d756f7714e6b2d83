// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Testing

@testable import BerthStore

/// A disk without room for another byte: what gives something back goes on.
@Suite struct FullDiskTests {
    private func key(_ number: Int) -> RecordKey { RecordKey("ports/item/" + String(number)) }

    /// With the limits of every store. The journal has just begun, or is so long
    /// that a rotation is due, which finds no room.
    @Test(arguments: [Durability.full, .process], [0, 2])
    func releasesGoOnWithoutRoom(durability: Durability, large: Int) throws {
        let disk = SimulatedDisk()
        let process = SimulatedProcess(on: disk)
        let store = Store.simulated(process, durability: durability, limits: StoreLimits())
        let long = Array(("\"" + String(repeating: "x", count: 65_000) + "\"").utf8)
        try store.write("fill") { transaction in
            for number in 1...221 { try transaction.set(key(number), Array("1".utf8)) }
            for number in 0..<large { try transaction.set(RecordKey("l/\(number)"), long) }
        }
        disk.state.capacity = 0
        var isRefused = false
        for number in 0..<100 where !isRefused {
            do {
                try store.write("port.reserve") { transaction in
                    let value = Array(long[..<4000]) + [UInt8(ascii: "\"")]
                    try transaction.set(RecordKey("new/" + String(number)), value)
                }
            } catch let error as StoreError {
                #expect(error.code == .noRoom)
                isRefused = true
            }
        }
        #expect(isRefused)
        for number in 1...220 {
            try store.write("port.release", isEssential: true) { transaction in
                transaction.delete(key(number))
                try transaction.set(
                    RecordKey("jobs/" + String(number)), Array("\"released by its owner\"".utf8))
            }
        }
        let after = Store.simulated(
            on: SimulatedDisk(disk.state), durability: durability, limits: StoreLimits())
        #expect(try after.read { try $0.record(key(220)) } == nil)
        #expect(try after.read { try $0.record(key(221)) } != nil)
        // With room again, the rotation that has waited happens.
        disk.state.capacity = .max
        let generation = try store.facts().generation
        try store.write("port.reserve") { try $0.set(RecordKey("new/last"), Array("1".utf8)) }
        #expect(try store.facts().generation == generation + (large > 0 ? 1 : 0))
        #expect(disk.violations.isEmpty)
    }

    /// Where even a change in place takes room, the ballast goes for those that
    /// give something back, and for nobody else.
    @Test(arguments: [Durability.full, .process])
    func theBallastGoesForReleasesWhereNothingIsChangedInPlace(durability: Durability) throws {
        let disk = SimulatedDisk()
        disk.state.isCopyOnWrite = true
        let store = Store.simulated(on: disk, durability: durability, limits: StoreLimits())
        try store.write("fill") { transaction in
            for number in 1...200 { try transaction.set(key(number), Array("1".utf8)) }
        }
        let ballast = Store.simulatedPath + "/ballast"
        #expect(disk.state.contains(ballast))
        disk.state.capacity = disk.state.usedUnderNames
        let error = #expect(throws: StoreError.self) {
            try store.write("port.reserve") { try $0.set(key(201), Array("1".utf8)) }
        }
        #expect(error?.code == .noRoom)
        #expect(disk.state.contains(ballast))
        for number in 1...200 {
            try store.write("port.release", isEssential: true) { $0.delete(key(number)) }
        }
        #expect(!disk.state.contains(ballast))
        #expect(try store.allRecords().isEmpty)
        // With room again, the next journal brings it back.
        disk.state.capacity = .max
        let long = Array(("\"" + String(repeating: "x", count: 65_000) + "\"").utf8)
        for number in 0..<3 {
            try store.write("port.reserve") { try $0.set(key(number), long) }
        }
        #expect(disk.state.contains(ballast))
        #expect(disk.violations.isEmpty)
    }
}
