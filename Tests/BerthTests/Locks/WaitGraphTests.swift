// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Berth

@Suite("Cycles of waits")
struct WaitGraphTests {
    private func contender(
        _ entry: String, waitsFor blockers: [String] = [], under: [String] = [],
        joined: UInt64 = 0
    ) -> WaitGraph.Contender {
        WaitGraph.Contender(
            entry: entry, lock: String(entry.prefix(1)), process: 7, blockers: blockers,
            under: under, joined: joined)
    }

    @Test func twoThatWaitForEachOtherAreACycle() throws {
        let graph = WaitGraph(contenders: [
            contender("a1"), contender("b1"),
            contender("b2", waitsFor: ["b1"], under: ["a1"]),
            contender("a2", waitsFor: ["a1"], under: ["b1"]),
        ])
        #expect(try #require(graph.cycle(through: "a2")).map(\.entry) == ["a2", "b2"])
        #expect(try #require(graph.cycle(through: "b2")).map(\.entry) == ["b2", "a2"])
        #expect(graph.cycle(through: "a1") == nil)
        #expect(graph.cycle(through: "nobody") == nil)
    }

    @Test func chainIsNoCycle() {
        let graph = WaitGraph(contenders: [
            contender("a1"), contender("b1"), contender("c1"),
            contender("b2", waitsFor: ["b1"], under: ["a1"]),
            contender("c2", waitsFor: ["c1"], under: ["b1"]),
            contender("a2", waitsFor: ["a1"]),
        ])
        for entry in ["a1", "a2", "b2", "c2"] { #expect(graph.cycle(through: entry) == nil) }
    }

    /// Whoever waits ahead in the same line is in the way as well.
    @Test func cycleLeadsThroughThoseThatWaitAhead() throws {
        let graph = WaitGraph(contenders: [
            contender("a1"), contender("b1"),
            contender("a2", waitsFor: ["a1"], under: ["b1"]),
            contender("b2", waitsFor: ["b1"], under: ["a1"]),
            // Waits behind a2, which waits for ever: but it is in no cycle itself.
            contender("a3", waitsFor: ["a2", "a1"], under: ["c1"]),
            contender("c1"),
        ])
        #expect(graph.cycle(through: "a3") == nil)
        #expect(graph.cycle(through: "a2") != nil)
    }

    @Test func reachesThroughASharedHolderBehindAWriter() throws {
        // a1 is shared and held, a2 a writer behind it, a3 shared behind that.
        let graph = WaitGraph(contenders: [
            contender("a1"), contender("a2", waitsFor: ["a1"]),
            contender("a3", waitsFor: ["a2"], under: ["b1"]),
            contender("b1"), contender("b2", waitsFor: ["b1"], under: ["a1"]),
        ])
        #expect(try #require(graph.cycle(through: "a3")).map(\.entry) == ["a3", "a2", "b2"])
    }

    @Test func theLastToComeBreaksItAndOthersOnlyIfItDoesNot() {
        let cycle = [
            contender("a2", joined: 5), contender("b2", joined: 9), contender("c2", joined: 5),
        ]
        #expect(WaitGraph.breaks(cycle, "b2", attempt: 1))
        #expect(!WaitGraph.breaks(cycle, "a2", attempt: 1))
        #expect(!WaitGraph.breaks(cycle, "c2", attempt: 1))
        #expect(WaitGraph.breaks(cycle, "c2", attempt: 2))
        #expect(!WaitGraph.breaks(cycle, "a2", attempt: 2))
        #expect(WaitGraph.breaks(cycle, "a2", attempt: 3))
    }

    /// Of random graphs: a cycle is found exactly where somebody is reached
    /// again by following every edge.
    @Test func cycleIsFoundWhereverOneIs() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let holders = (0..<5).map { contender("h\($0)") }
            let waiters = (0..<5).map { index in
                contender(
                    "w\(index)", waitsFor: ["h\(Int.random(in: 0..<5, using: &generator))"],
                    under: Bool.random(using: &generator)
                        ? ["h\(Int.random(in: 0..<5, using: &generator))"] : [])
            }
            let graph = WaitGraph(contenders: holders + waiters)
            for start in waiters {
                var reached: Set<String> = []
                var frontier = [start]
                while let waiter = frontier.popLast() {
                    for next in waiters where next.under == waiter.blockers {
                        if reached.insert(next.entry).inserted { frontier.append(next) }
                    }
                }
                #expect((graph.cycle(through: start.entry) != nil) == reached.contains(start.entry))
            }
        }
    }
}
