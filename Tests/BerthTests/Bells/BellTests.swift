// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Foundation
import Testing

@testable import Berth

@Suite("Bells")
struct BellTests {
    private let store: TemporaryStore
    private let interest = Interest("test", "a name / with everything")

    init() throws {
        store = try TemporaryStore()
    }

    private var past: Deadline { Deadline(after: .zero) }
    private var soon: Deadline { Deadline(after: .seconds(300)) }

    private func bells() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: store.path + "/bells")
    }

    @Test func aBellRingsForItsInterestAndIsSilentAfterwards() throws {
        let bell = try Bell([interest], in: store.path)
        #expect(try bell.wait(until: past) == nil)
        try Ringing([Interest("test", "another")], in: store.path).ring()
        #expect(try bell.wait(until: past) == nil)
        for _ in 0..<3 {
            try Ringing([interest], in: store.path).ring()
            #expect(try bell.wait(until: soon) == 0)
            #expect(try bell.wait(until: past) == nil)
        }
    }

    @Test func oneBellServesSeveralInterests() throws {
        let other = Interest("other", "b")
        let bell = try Bell([interest, other], in: store.path)
        for interest in [other, interest, other] {
            try Ringing([interest], in: store.path).ring()
            #expect(try bell.wait(until: soon) == 0)
            #expect(try bell.wait(until: past) == nil)
        }
    }

    @Test func aRingerThatEndsWithoutRingingIsHeard() throws {
        let bell = try Bell([interest], in: store.path)
        for _ in 0..<3 {
            do {
                let ringing = try Ringing([interest], in: store.path)
                #expect(try bell.wait(until: past) == nil)
                _ = consume ringing
            }
            #expect(try bell.wait(until: soon) == 0)
            #expect(try bell.wait(until: past) == nil)
        }
    }

    @Test func aRingerIsHeardWhileAnotherStillHasTheBell() throws {
        let bell = try Bell([interest], in: store.path)
        let slow = try Ringing([interest], in: store.path)
        try Ringing([interest], in: store.path).ring()
        #expect(try bell.wait(until: soon) == 0)
        #expect(try bell.wait(until: past) == nil)
        slow.ring()
        #expect(try bell.wait(until: soon) == 0)
    }

    @Test func aBellLeavesNothing() throws {
        do {
            let bell = try Bell([interest], in: store.path)
            #expect(try bells().count == 1)
            _ = bell
        }
        #expect(try bells().isEmpty)
    }

    @Test func aBellThatWasRemovedByHandIsPutUpAgain() throws {
        let bell = try Bell([interest], in: store.path)
        let ringing = try Ringing([interest], in: store.path)
        for name in try bells() {
            try FileManager.default.removeItem(atPath: store.path + "/bells/" + name)
        }
        _ = consume ringing
        #expect(try bell.wait(until: soon) == 0)
        try Ringing([interest], in: store.path).ring()
        #expect(try bell.wait(until: soon) == 0)
    }

    @Test func aWaitEndsAtItsDeadlineAndAtItsCancellation() async throws {
        let berth = try Coordinator.open(at: store.path)
        let interest = interest
        let nothing: Int? = try await berth.wait(
            for: [interest], until: Deadline(after: .milliseconds(20))
        ) { .nothing(until: nil) }
        #expect(nothing == nil)

        let isAsleep = Event<Bool>()
        let task = Task<Int?, any Error> {
            let looks = Counter()
            return try await berth.wait(for: [interest], until: nil) {
                if looks.next() == 2 { isAsleep.set(true) }
                return .nothing(until: nil)
            }
        }
        _ = await isAsleep.wait()
        task.cancel()
        await #expect { try await task.value } throws: {
            ($0 as? CoordinatorError)?.code == .cancelled
        }
        #expect(try bells().isEmpty)
    }
}

/// Counts calls.
private final class Counter: @unchecked Sendable {
    // Used by one thread: the one that looks.
    private var count = 0

    func next() -> Int {
        count += 1
        return count
    }
}
