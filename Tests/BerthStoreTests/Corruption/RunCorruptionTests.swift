// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Testing

/// A run, damaged in every small way: each lookup is right, or refused.
@Suite struct RunCorruptionTests {
    private static let slices = 0..<8
    private static let run = Store.simulatedPath + "/run-1.jsonl"

    /// Looks up each key, and one between each two; every answer is checked.
    private func lookUp(_ check: DamageCheck, _ bytes: [UInt8], _ what: String) throws {
        var state = check.sound
        state.plant(bytes, at: Self.run)
        let store = Store.simulated(on: SimulatedDisk(state))
        for index in 0..<20 {
            let key = RecordKey("key/" + String(index))
            let expected = check.records.first { $0.key == key }
            do {
                let found = try store.read { try $0.record(key) }
                #expect(found == expected, "\(key.text) with \(what)")
            } catch let error as StoreError {
                #expect(error.code == .damaged, "\(key.text) with \(what)")
            }
        }
    }

    @Test(arguments: slices) func everyFlippedBitIsNoticed(slice: Int) throws {
        let check = try DamageCheck.withRun()
        var damaged = try #require(check.sound.bytes(at: Self.run))
        for bit in stride(from: slice, to: damaged.count * 8, by: Self.slices.count) {
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            try check.read(damaged, at: Self.run, "bit \(bit) flipped")
            if bit / 8 % 8 == bit % 8 { try lookUp(check, damaged, "bit \(bit) flipped") }
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
        }
    }

    @Test func everyOtherLengthIsRefused() throws {
        let check = try DamageCheck.withRun()
        let sound = try #require(check.sound.bytes(at: Self.run))
        for length in 0..<sound.count {
            var state = check.sound
            state.plant(Array(sound.prefix(length)), at: Self.run)
            let disk = SimulatedDisk(state)
            #expect(throws: StoreError.self) { try Store.simulated(on: disk).allRecords() }
            #expect(disk.state.digest == state.digest)
        }
    }

    @Test func swappedAndDoubledLinesAreNoticed() throws {
        let check = try DamageCheck.withRun()
        let sound = try #require(check.sound.bytes(at: Self.run))
        let lines = sound.split(separator: UInt8(ascii: "\n"))
        for first in lines.indices {
            for second in lines.indices where first != second {
                var damaged = lines
                damaged.swapAt(first, second)
                try lookUp(check, bytes(damaged), "lines \(first) and \(second) swapped")
                damaged = lines
                damaged[first] = lines[second]
                try lookUp(check, bytes(damaged), "line \(second) in the place of \(first)")
            }
        }
    }

    private func bytes(_ lines: [ArraySlice<UInt8>]) -> [UInt8] {
        lines.flatMap { Array($0) + [UInt8(ascii: "\n")] }
    }

    @Test func missingRunIsRefusedAndNothingChanged() throws {
        let check = try DamageCheck.withRun()
        var state = check.sound
        state.remove(Self.run)
        let disk = SimulatedDisk(state)
        let store = Store.simulated(on: disk)
        let error = #expect(throws: StoreError.self) { try store.allRecords() }
        #expect(error?.code == .damaged)
        #expect(throws: StoreError.self) { try store.create() }
        #expect(disk.state.digest == state.digest)
    }
}
