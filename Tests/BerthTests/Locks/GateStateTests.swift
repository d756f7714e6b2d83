// SPDX-License-Identifier: Apache-2.0

import BerthStore
import Foundation
import Testing

@testable import Berth

@Suite("Numbers that are given once")
struct GateStateTests {
    private let boot = "ba040a83-59e9-4bd0-8ba8-1bd307082fd8"

    /// A gate as the kernel keeps it: what is written, and what is flushed.
    private struct Simulation {
        var boot: String
        var written: GateState
        var flushed: GateState
        var given: [UInt64] = []

        enum Stop: CaseIterable { case never, beforeFlush, afterFlush, beforeWrite, afterWrite }

        init(_ boot: String) {
            self.boot = boot
            written = GateState(boot: boot, after: 0)
            flushed = written
        }

        /// Gives a number, as the gate does; may die on the way.
        mutating func take(_ stop: Stop = .never) {
            var state = written
            if state.boot != boot { state.begin(boot: boot) }
            if state.needsReservation {
                state.reserve()
                written = state
                if stop == .beforeFlush { return }
                flushed = written
                state.noteFlush()
                if stop == .afterFlush { return }
            }
            let number = state.take()
            if stop == .beforeWrite { return }
            written = state
            if stop == .afterWrite { return }
            given.append(number)
        }

        /// The machine loses power: what was not flushed may be there or not.
        mutating func losePower(_ next: String, keepingWritten: Bool) {
            if keepingWritten { flushed = written } else { written = flushed }
            boot = next
        }
    }

    @Test func numbersGrowByOne() {
        var gate = Simulation(boot)
        for _ in 0..<3000 { gate.take() }
        #expect(gate.given == Array(1...3000))
    }

    @Test(arguments: [true, false])
    func noNumberIsGivenTwiceWhateverStops(keepingWritten: Bool) {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var gate = Simulation(boot)
            for _ in 0..<3000 {
                let stop = Int.random(in: 0..<40, using: &generator)
                let stops = Simulation.Stop.allCases
                gate.take(stop < stops.count ? stops[stop] : .never)
                if Int.random(in: 0..<500, using: &generator) == 0 {
                    // The id of a boot never comes back.
                    gate.losePower(UUID().uuidString, keepingWritten: keepingWritten)
                }
            }
            #expect(zip(gate.given, gate.given.dropFirst()).allSatisfy { $0 < $1 })
        }
    }

    @Test func lineIsReadBack() throws {
        let name = try LockName(String(repeating: "~", count: 255))
        var state = GateState(boot: boot, after: 41)
        state.reserve()
        state.noteFlush()
        _ = state.take()
        let line = state.line(name)
        #expect(line.count <= 512)
        let read = try #require(GateState.parse(line))
        #expect(read.state == state)
        #expect(read.name == name.text)
    }

    @Test func damagedLineIsRefused() throws {
        var state = GateState(boot: boot, after: 41)
        state.reserve()
        let line = state.line(try LockName("a"))
        for count in 0..<line.count { #expect(GateState.parse(Array(line[..<count])) == nil) }
        var backwards = GateState(boot: boot, after: 5).line(try LockName("a"))
        let place = try #require(String(decoding: backwards, as: UTF8.self).range(of: "counter"))
        let text = String(decoding: backwards, as: UTF8.self)
        let offset = text.utf8.distance(from: text.startIndex, to: place.upperBound) + 3
        backwards[offset] = UInt8(ascii: "9")
        #expect(GateState.parse(backwards) == nil)
    }

    @Test func skippedNumbersAreReservedAnew() {
        var state = GateState(boot: boot, after: 0)
        state.reserve()
        state.noteFlush()
        state.skip(to: 5000)
        #expect(state.needsReservation)
        state.reserve()
        state.noteFlush()
        #expect(state.take() == 5001)
    }
}
