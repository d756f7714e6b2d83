// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// A pool at one moment: its items, who has them and how many wait. It may be
/// old news when it is read.
public struct PoolStatus: Hashable, Sendable {
    /// One item of a pool.
    public struct Item: Hashable, Sendable {
        /// What it is called.
        public let name: String
        /// By whom it is held, and until when; nil where it is free.
        public let holding: PoolHolding?
        /// The process that has it, or for which it was taken; nil where there
        /// is none, or it is not known.
        public let process: Int32?
        /// What that process runs, for people to read; else empty.
        public let command: String
    }

    /// The name of the pool.
    public let name: String
    /// In the order in which they are given out.
    public let items: [Item]
    /// How many stand in line.
    public let waiting: Int

    /// How many items nobody has.
    public var freeCount: Int { items.reduce(0) { $0 + ($1.holding == nil ? 1 : 0) } }

    init(
        _ state: PoolState, _ judge: PoolJudge, waiting: Int
    ) throws(CoordinatorError) {
        var users: [PoolOwner: LockListing.Entry] = [:]
        for holding in state.holdings { users[holding.owner] = try judge.holder(of: holding) }
        name = state.name.text
        items = state.items.map { item in
            let holding = state.holding(of: item)
            let user = holding.flatMap { users[$0.owner] }
            return Item(
                name: item, holding: holding, process: user?.process ?? holding?.process,
                command: user?.command ?? "")
        }
        self.waiting = waiting
    }
}
