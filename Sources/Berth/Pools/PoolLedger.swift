// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Where the records of pools are read from.
protocol PoolSource {
    func record(_ key: RecordKey) throws(StoreError) -> Record?
    func forEach(
        prefix: String, from start: RecordKey?, _ body: (Record) throws -> Bool
    ) throws
}

extension Transaction: PoolSource {}
extension Snapshot: PoolSource {}

extension PoolSource {
    /// The items of a pool; nil where there is none.
    func items(of name: PoolName) throws -> [String]? {
        try record(PoolRecords.pool(name)).map { try PoolRecords.items($0) }
    }

    /// A pool and who has its items.
    ///
    /// - Throws: `notFound` where there is no such pool.
    /// - Complexity: O(n) in the number of holdings.
    func state(of name: PoolName, _ judge: PoolJudge) throws -> PoolState {
        guard let items = try items(of: name) else {
            throw CoordinatorError(
                .notFound,
                "there is no pool '" + name.text + "'; see berth pool list, or make it with "
                    + "berth pool create")
        }
        var state = PoolState(name: name, items: items)
        try forEach(prefix: PoolRecords.holdings(of: name), from: nil) { record in
            let holding = try PoolHolding(record)
            if let end = try judge.end(of: holding) {
                state.ended.append((holding, end))
            } else {
                state.holdings.append(holding)
            }
            return true
        }
        return state
    }
}

/// What a look for items has shown.
enum PoolLook {
    case taken(PoolHolding)
    /// They are not to be had while these go on.
    case waits(PoolState)
}

/// One pool as a transaction sees and changes it.
struct PoolLedger {
    var base: Transaction
    let name: PoolName
    let judge: PoolJudge
    /// Whether something has happened that the first in line may wait for.
    private(set) var isRinging = false

    init(_ base: Transaction, _ name: PoolName, _ judge: PoolJudge) {
        self.base = base
        self.name = name
        self.judge = judge
    }

    private var key: RecordKey { PoolRecords.pool(name) }

    private func key(of holding: PoolHolding) -> RecordKey {
        PoolRecords.holding(of: name, by: holding.owner)
    }

    // MARK: The pool

    /// Makes a pool; returns whether it was not there already, with the same items.
    mutating func create(_ items: PoolItems) throws -> Bool {
        if let present = try base.items(of: name) {
            if present == items.texts { return false }
            throw CoordinatorError(
                .unavailable,
                "there is a pool '" + name.text + "' with other items already; see berth pool "
                    + "show " + name.text)
        }
        try set(items.texts)
        return true
    }

    mutating func add(_ items: PoolItems) throws {
        let state = try base.state(of: name, judge)
        if let twice = items.texts.first(where: { state.items.contains($0) }) {
            throw CoordinatorError(
                .unavailable, "the pool '" + name.text + "' has the item '" + twice + "' already")
        }
        try set(try PoolItems(state.items + items.texts).texts)
        isRinging = true
    }

    /// Takes items out of the pool. With force they are taken from whoever has
    /// them too, who is not told.
    mutating func remove(_ items: PoolItems, isForced: Bool) throws {
        let state = try base.state(of: name, judge)
        for item in items.texts {
            guard state.items.contains(item) else { throw state.unknown(item) }
            if let holding = state.holding(of: item), !isForced {
                throw state.inUse("the item '" + item + "'", holding)
            }
        }
        let rest = state.items.filter { !items.texts.contains($0) }
        if rest.isEmpty {
            throw CoordinatorError(
                .unavailable,
                "a pool has one item at least; berth pool drop " + name.text + " removes it all")
        }
        for holding in state.holdings { try take(items.texts, from: holding) }
        try set(rest)
        isRinging = true
    }

    /// Removes the pool, and with force what is held of it.
    mutating func drop(isForced: Bool) throws {
        let state = try base.state(of: name, judge)
        if let holding = state.holdings.first, !isForced {
            throw state.inUse("the item '" + holding.items[0] + "'", holding)
        }
        for holding in state.holdings + state.ended.map(\.holding) {
            base.delete(key(of: holding))
        }
        base.delete(key)
        isRinging = true
    }

    private mutating func set(_ items: [String]) throws {
        let value = PoolRecords.value(items)
        if value.count > StoreLimits.maximumValue {
            throw CoordinatorError(
                .invalid, "the items of a pool take 64 KiB together at most")
        }
        try base.set(key, value)
    }

    /// Takes items from a holding; one that has none left is no more.
    private mutating func take(_ items: [String], from holding: PoolHolding) throws {
        var rest = holding
        rest.items.removeAll { items.contains($0) }
        if rest.items.count == holding.items.count { return }
        if rest.items.isEmpty {
            base.delete(key(of: holding))
        } else {
            try base.set(key(of: rest), rest.json)
        }
        isRinging = true
    }

    // MARK: Taking

    /// Gives items to somebody, or renews what it has. The holdings that are
    /// at their end make room.
    mutating func take(
        _ claim: PoolClaim, under entries: String, isNext: () throws(CoordinatorError) -> Bool
    ) throws -> PoolLook {
        let state = try base.state(of: name, judge)
        var wanted = try holding(claim)
        let answer = try state.answer(
            to: wanted.owner, count: claim.count,
            isAbove: { (holding) throws(CoordinatorError) in try judge.isAbove(holding, entries) },
            isNext: isNext)
        switch answer {
        case .kept(let own):
            wanted = own.renewed(as: wanted)
        case .given(let items):
            for (holding, _) in state.ended { base.delete(key(of: holding)) }
            // Nobody waits for it who does not know. But whoever rings removes
            // the bells of waiters that were killed.
            if !state.ended.isEmpty { isRinging = true }
            wanted.items = items
        case .waits:
            // The first in line hears of a death, but not of a directory that
            // is gone: whoever sees that tells it.
            if state.ended.contains(where: { $0.end == .directoryGone || $0.end == .idle }) {
                isRinging = true
            }
            return .waits(state)
        }
        try base.set(key(of: wanted), wanted.json)
        return .taken(wanted)
    }

    /// What a claim holds once it is granted, its items apart.
    private func holding(_ claim: PoolClaim) throws(CoordinatorError) -> PoolHolding {
        let now = judge.reservations.now
        switch claim {
        case .ticket(let ticket, _):
            return PoolHolding(
                pool: name.text, items: [], path: nil, tag: nil, created: now, used: now,
                sign: try judge.sign(ticket), terms: ReservationTerms(), idleDays: nil,
                followsDirectory: false)
        case .request(let request):
            return PoolHolding(
                pool: name.text, items: [], path: request.path, tag: request.tag, created: now,
                used: now, sign: nil, terms: try judge.reservations.terms(request.wish),
                idleDays: request.idleDays,
                followsDirectory: !judge.reservations.isGone(request.path))
        }
    }

    // MARK: Giving back

    /// Takes items, or all of them, from whoever gives them back; returns which.
    mutating func give(_ items: [String], _ giver: PoolGiver) throws -> [String] {
        let state = try base.state(of: name, judge)
        let own = try giver.holding(in: state.holdings)
        for item in items where own?.items.contains(item) != true {
            throw state.notOwned(item, giver)
        }
        guard let own else {
            throw CoordinatorError(
                .notFound, giver.description + " has nothing of the pool '" + name.text + "'")
        }
        let given = items.isEmpty ? own.items : items
        try take(given, from: own)
        return given
    }
}

extension PoolHolding {
    /// What is kept when the same owner asks again: new terms replace those
    /// that were, none leave them.
    fileprivate func renewed(as wanted: PoolHolding) -> PoolHolding {
        var renewed = self
        renewed.used = wanted.used
        if let lease = wanted.terms.lease { renewed.terms.lease = lease }
        if let days = wanted.idleDays { renewed.idleDays = days }
        renewed.followsDirectory = wanted.followsDirectory
        return renewed
    }
}

extension PoolState {
    fileprivate func unknown(_ item: String) -> CoordinatorError {
        CoordinatorError(
            .notFound, "the pool '" + name.text + "' has no item '" + item + "'")
    }

    fileprivate func inUse(_ what: String, _ holding: PoolHolding) -> CoordinatorError {
        CoordinatorError(
            .busy,
            what + " of the pool '" + name.text + "' is in use by " + holding.description
                + "; with --force it is removed all the same, and its user is not told")
    }

    /// Why an item cannot be given back by somebody.
    fileprivate func notOwned(_ item: String, _ giver: PoolGiver) -> CoordinatorError {
        if let holding = holding(of: item) {
            return CoordinatorError(
                .stale,
                "the item '" + item + "' of the pool '" + name.text + "' is held by "
                    + holding.description + ", not by " + giver.description)
        }
        guard items.contains(item) else { return unknown(item) }
        return CoordinatorError(
            .notFound, "nobody has the item '" + item + "' of the pool '" + name.text + "'")
    }
}
