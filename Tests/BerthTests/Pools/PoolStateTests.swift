// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Testing

@testable import Berth

@Suite("The rule by which items of a pool are given out")
struct PoolStateTests {
    private let name: PoolName

    init() throws {
        name = try PoolName("gpu")
    }

    private func holding(_ tag: String, _ items: [String], ticket: UInt64? = nil) -> PoolHolding {
        PoolHolding(
            pool: "gpu", items: items, path: ticket == nil ? "/a" : nil,
            tag: ticket == nil ? tag : nil, created: 1, used: 1,
            sign: ticket.map { PoolSign(number: $0, folder: 2) },
            terms: ReservationTerms(), idleDays: nil, followsDirectory: false)
    }

    private func owner(_ tag: String) -> PoolOwner {
        .directory(path: "/a", tag: tag, holder: nil)
    }

    private func answer(
        _ state: PoolState, _ tag: String, _ count: Int = 1, isNext: Bool = true,
        above: Set<UInt64> = []
    ) throws -> PoolAnswer {
        try state.answer(
            to: owner(tag), count: count,
            isAbove: { (holding) throws(CoordinatorError) in
                holding.sign.map { above.contains($0.number) } ?? false
            },
            isNext: { () throws(CoordinatorError) in isNext })
    }

    @Test func theFirstFreeItemsAreGiven() throws {
        var state = PoolState(name: name, items: ["a", "b", "c", "d"])
        #expect(try answer(state, "x") == .given(["a"]))
        state.holdings = [holding("y", ["a", "c"])]
        #expect(try answer(state, "x") == .given(["b"]))
        #expect(try answer(state, "x", 2) == .given(["b", "d"]))
        #expect(try answer(state, "x", 3) == .waits)
    }

    @Test func whoComesLaterIsGivenNothingWhileThereIsALine() throws {
        let state = PoolState(name: name, items: ["a", "b"])
        #expect(try answer(state, "x", isNext: false) == .waits)
    }

    @Test func theSameOwnerKeepsWhatItHasEvenBesideALine() throws {
        let own = holding("x", ["b"])
        let state = PoolState(name: name, items: ["a", "b"], holdings: [own])
        #expect(try answer(state, "x", isNext: false) == .kept(own))
        let error = #expect(throws: CoordinatorError.self) { try answer(state, "x", 2) }
        #expect(error?.code == .unavailable)
    }

    @Test func moreThanThereAreIsRefusedAtOnce() throws {
        let state = PoolState(name: name, items: ["a", "b"])
        let error = #expect(throws: CoordinatorError.self) {
            try answer(state, "x", 3, isNext: false)
        }
        #expect(error?.code == .unavailable)
    }

    @Test func whatAnAncestorHasIsNotWaitedFor() throws {
        let state = PoolState(
            name: name, items: ["a", "b"],
            holdings: [holding("", ["a"], ticket: 1), holding("y", ["b"])])
        // The other may be given back, and is.
        #expect(try answer(state, "x", above: [1]) == .waits)
        let error = #expect(throws: CoordinatorError.self) {
            try answer(state, "x", 2, above: [1])
        }
        #expect(error?.code == .deadlock)
    }

    /// Random takes and gives against the rule: no item is ever given twice,
    /// nothing is given that is not of the pool, all or nothing is given, and
    /// nobody waits for what is free.
    @Test(arguments: 0..<20) func everyItemIsGivenOnce(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let items = (0..<Int.random(in: 1...9, using: &random)).map { String($0) }
        var state = PoolState(name: name, items: items)
        for _ in 0..<300 {
            let tag = String(Int.random(in: 0..<6, using: &random))
            let own = state.holdings.firstIndex { $0.tag == tag }
            if let own, Bool.random(using: &random) {
                state.holdings.remove(at: own)
                continue
            }
            let count = Int.random(in: 1...items.count, using: &random)
            let freeBefore = state.free
            let result = Result { try answer(state, tag, count) }
            switch (result, own) {
            case (.success(.kept(let kept)), let own?):
                #expect(kept == state.holdings[own] && kept.items.count == count)
            case (.success(.given(let given)), nil):
                #expect(given == Array(freeBefore.prefix(count)) && given.count == count)
                state.holdings.append(holding(tag, given))
            case (.success(.waits), nil):
                #expect(freeBefore.count < count)
            case (.failure(let error), let own?):
                #expect((error as? CoordinatorError)?.code == .unavailable)
                #expect(state.holdings[own].items.count != count)
            default:
                Issue.record("\(result) for \(count) of \(items.count)")
            }
            let taken = state.holdings.flatMap(\.items)
            #expect(Set(taken).count == taken.count)
            #expect(Set(taken).union(state.free) == Set(items))
            #expect(taken.count + state.free.count == items.count)
        }
    }
}

@Suite("Items of a pool")
struct PoolItemsTests {
    @Test(arguments: [
        [], [""], ["a", "a"], ["a\nb"], ["\u{1B}[2J"], ["a\u{0}"],
        [String(repeating: "x", count: 256)], ["\u{E9}", "e\u{301}"],
        (0..<4097).map { String($0) },
    ])
    func thatAreNoneAreRefused(items: [String]) {
        let error = #expect(throws: CoordinatorError.self) { try PoolItems(items) }
        #expect(error?.code == .invalid)
    }

    @Test func mayBeAnyText() throws {
        let texts = [
            "/dev/ttyUSB0", "iPhone 15 \"Pro\"", "é\\ü", String(repeating: "x", count: 255),
        ]
        #expect(try PoolItems(texts).texts == texts)
        #expect(try PoolItems(numbered: 3...5).texts == ["3", "4", "5"])
        #expect(throws: CoordinatorError.self) { try PoolItems(numbered: 0...4096) }
        #expect(throws: CoordinatorError.self) { try PoolItems(numbered: .min ... .max) }
    }
}
