// SPDX-License-Identifier: Apache-2.0

/// What becomes of a wish for items.
enum PoolAnswer: Hashable {
    /// The owner has them already.
    case kept(PoolHolding)
    /// These are given to it.
    case given([String])
    /// Others have them, or are in line for them.
    case waits
}

/// A pool at one moment: its items and who has them. By which rule they are
/// given out is decided here.
struct PoolState {
    let name: PoolName
    /// In the order in which they are given out.
    let items: [String]
    /// Those that go on.
    var holdings: [PoolHolding] = []
    /// Those at their end: their items are free.
    var ended: [(holding: PoolHolding, end: ReservationEnd)] = []

    /// The items that nobody has.
    var free: [String] {
        let taken = Set(holdings.flatMap(\.items))
        return taken.isEmpty ? items : items.filter { !taken.contains($0) }
    }

    /// Who has an item; nil where it is free.
    func holding(of item: String) -> PoolHolding? {
        holdings.first { $0.items.contains(item) }
    }

    /// Decides on a wish for a number of items.
    ///
    /// The same owner keeps what it has. Others are given the first items that
    /// are free, all of them at once or none: whoever waits has nothing, so no
    /// two wait for each other. Only the first in line is given anything.
    /// `isAbove` tells whether a holder waits for the end of whoever asks.
    ///
    /// - Throws: `unavailable` where no waiting would help.
    /// - Complexity: O(n) in the number of items.
    func answer(
        to owner: PoolOwner, count: Int, isAbove: (PoolHolding) throws(CoordinatorError) -> Bool,
        isNext: () throws(CoordinatorError) -> Bool
    ) throws(CoordinatorError) -> PoolAnswer {
        if let own = holdings.first(where: { $0.owner == owner }) {
            guard own.items.count == count else { throw other(own, count) }
            return .kept(own)
        }
        if count > items.count {
            throw CoordinatorError(
                .unavailable,
                "the pool '" + name.text + "' has " + Self.number(items.count) + " in all; "
                    + String(count) + " are never free at once")
        }
        let free = free
        if free.count >= count {
            return try isNext() ? .given(Array(free.prefix(count))) : .waits
        }
        // What those have who wait for the caller to end is never free.
        var above = 0
        for holding in holdings where try isAbove(holding) { above += holding.items.count }
        if above + count > items.count {
            throw CoordinatorError(
                .deadlock,
                "a command that runs this one has " + Self.number(above) + " of the "
                    + String(items.count) + " of the pool '" + name.text + "', so waiting for "
                    + String(count) + " more would never end")
        }
        return .waits
    }

    private func other(_ own: PoolHolding, _ count: Int) -> CoordinatorError {
        CoordinatorError(
            .unavailable,
            own.description + " has " + Self.number(own.items.count) + " of the pool '"
                + name.text + "' already, and not " + String(count)
                + "; give back what it has, or use another tag")
    }

    /// What is said to one whose time has run out.
    func refusal(_ count: Int) -> String {
        Self.number(count) + " of the pool '" + name.text + "' could not be had in time; "
            + String(free.count) + " of " + String(items.count)
            + " are free now; see berth pool show " + name.text
    }

    /// `1 item`, `2 items`.
    static func number(_ count: Int) -> String {
        count == 1 ? "1 item" : String(count) + " items"
    }
}
