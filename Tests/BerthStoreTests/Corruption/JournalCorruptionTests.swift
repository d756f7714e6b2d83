// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Testing

/// A journal of 16 KiB, damaged in every small way: never a wrong answer.
@Suite struct JournalCorruptionTests {
    private static let slices = 0..<8

    private func bytes(_ check: DamageCheck) throws -> [UInt8] {
        try #require(check.sound.bytes(at: DamageCheck.journal))
    }

    /// Runs a body for every byte of a slice's share, and reports few of the failures.
    private func forEachIndex(
        in count: Int, _ slice: Int, _ body: (Int) throws -> Void
    ) {
        var failures = 0
        for index in stride(from: slice, to: count, by: Self.slices.count) where failures < 4 {
            do {
                try body(index)
            } catch {
                failures += 1
                Issue.record("\(error)")
            }
        }
    }

    @Test(arguments: slices) func everyFlippedBitIsNoticedByReaders(slice: Int) throws {
        let check = try DamageCheck.withJournal()
        var damaged = try bytes(check)
        #expect(damaged.count == 16 * 1024)
        forEachIndex(in: damaged.count * 8, slice) { bit in
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            defer { damaged[bit / 8] ^= 1 << UInt8(bit % 8) }
            try check.read(damaged, at: DamageCheck.journal, "bit \(bit) flipped")
        }
    }

    @Test(arguments: slices, [1, 2]) func flippedBitsAreNoticedByWriters(slice: Int, boot: Int)
        throws
    {
        var check = try DamageCheck.withJournal()
        check.boot = boot
        var damaged = try bytes(check)
        forEachIndex(in: damaged.count, slice) { index in
            // Another bit in each byte: all eight at every kind of place.
            damaged[index] ^= 1 << UInt8(index / 8 % 8)
            defer { damaged[index] ^= 1 << UInt8(index / 8 % 8) }
            try check.write(damaged, at: DamageCheck.journal, "byte \(index) flipped, boot \(boot)")
        }
    }

    @Test(arguments: slices) func everyShorterJournalIsNoticed(slice: Int) throws {
        let check = try DamageCheck.withJournal()
        let sound = try bytes(check)
        forEachIndex(in: sound.count, slice) { length in
            let damaged = Array(sound.prefix(length))
            try check.read(damaged, at: DamageCheck.journal, "cut at \(length)")
            try check.write(damaged, at: DamageCheck.journal, "cut at \(length)")
        }
    }

    /// Without the hint, a damaged last line looks like one that was torn: the
    /// limit of any log of which there is one copy. All others are noticed.
    @Test(arguments: slices) func withoutTheHintOnlyTheLastRecordIsAtStake(slice: Int) throws {
        var check = try DamageCheck.withJournal()
        check.alsoAllowed = [check.withoutLast]
        var state = check.sound
        state.remove(DamageCheck.hint)
        check = DamageCheck(sound: state, records: check.records, alsoAllowed: check.alsoAllowed)
        var damaged = try bytes(check)
        forEachIndex(in: damaged.count, slice) { index in
            damaged[index] ^= 1 << UInt8(index / 8 % 8)
            defer { damaged[index] ^= 1 << UInt8(index / 8 % 8) }
            try check.read(damaged, at: DamageCheck.journal, "byte \(index) flipped, no hint")
        }
    }

    @Test func everyLostOrSwappedSectorIsNoticed() throws {
        let check = try DamageCheck.withJournal()
        let sound = try bytes(check)
        let size = SimulatedFile.sectorSize
        let sectors = stride(from: 0, to: sound.count, by: size).map { $0..<$0 + size }
        for (index, sector) in sectors.enumerated() {
            var damaged = sound
            damaged.replaceSubrange(sector, with: repeatElement(0, count: size))
            try check.write(damaged, at: DamageCheck.journal, "sector \(index) zero")
            for (other, second) in sectors.enumerated().dropFirst(index + 1) {
                damaged = sound
                damaged.replaceSubrange(sector, with: sound[second])
                try check.read(damaged, at: DamageCheck.journal, "sector \(other) twice")
                damaged.replaceSubrange(second, with: sound[sector])
                try check.read(damaged, at: DamageCheck.journal, "\(index) and \(other) swapped")
            }
        }
    }

    @Test func everyLostOrDoubledLineIsNoticed() throws {
        let check = try DamageCheck.withJournal()
        let lines = try bytes(check).split(separator: UInt8(ascii: "\n"))
        for index in lines.indices {
            var damaged = lines
            damaged.remove(at: index)
            try check.write(journal(damaged), at: DamageCheck.journal, "line \(index) lost")
            damaged.insert(lines[index], at: index)
            damaged.insert(lines[index], at: index)
            try check.write(journal(damaged), at: DamageCheck.journal, "line \(index) twice")
        }
    }

    private func journal(_ lines: [ArraySlice<UInt8>]) -> [UInt8] {
        lines.flatMap { Array($0) + [UInt8(ascii: "\n")] }
    }

    @Test func everyDamagedHintIsOnlyCautious() throws {
        let check = try DamageCheck.withJournal()
        var damaged = try #require(check.sound.bytes(at: DamageCheck.hint))
        for bit in 0..<damaged.count * 8 {
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            try check.write(damaged, at: DamageCheck.hint, "bit \(bit) of the hint flipped")
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
        }
    }
}
