// SPDX-License-Identifier: Apache-2.0

/// What a contender does next, as the line ahead of it says.
package enum LockTurn: Hashable, Sendable {
    /// The lock is its own.
    case enter
    /// It waits until one of these goes: one that is ahead, or all those in
    /// whose place it would come.
    case wait([Ticket])
    /// One that is ahead uses the lock in another way, which no waiting mends.
    case refused(Ticket)
}

extension Ticket {
    /// Whether it has to wait for an earlier one, slots apart.
    package func conflicts(with earlier: Ticket) -> Bool {
        !(mode == .shared && earlier.mode == .shared)
    }

    /// Whether both could never be granted under one name: slots beside a lock
    /// without, or other numbers of slots.
    package func contradicts(_ earlier: Ticket) -> Bool {
        switch (mode, earlier.mode) {
        case (.foreign, _), (_, .foreign): false
        case (.slots(let count), .slots(let other)): count != other
        case (.slots, _), (_, .slots): true
        default: false
        }
    }

    /// What it does next. It asks whether earlier tickets live, the nearest
    /// first, and no more of them than it has to.
    ///
    /// Without slots it watches the nearest that lives and excludes it, and
    /// none other: so each end of a turn wakes one contender, and one that is
    /// shared never overtakes one that is exclusive. Of slots, whoever has
    /// fewer than their number ahead enters; one has just that many ahead and
    /// watches them all; each other watches the one before it, and is told when
    /// that one enters.
    package func turn<Failure: Error>(
        among tickets: [Ticket], isLive: (Ticket) throws(Failure) -> Bool
    ) throws(Failure) -> LockTurn {
        var slots: [Ticket] = []
        for earlier in ahead(in: tickets) {
            if contradicts(earlier) {
                if try isLive(earlier) { return .refused(earlier) }
                continue
            }
            guard conflicts(with: earlier), try isLive(earlier) else { continue }
            guard case .slots(let count) = mode, earlier.mode == mode else {
                return .wait([earlier])
            }
            slots.append(earlier)
            if slots.count > count { return .wait([slots[0]]) }
        }
        guard case .slots(let count) = mode, slots.count == count else { return .enter }
        return .wait(slots)
    }

    /// The earlier ones, the nearest first.
    func ahead(in tickets: [Ticket]) -> [Ticket] {
        tickets.filter { $0.number < number }.sorted { $0.number > $1.number }
    }

    /// The later ones, the nearest first.
    func behind(in tickets: [Ticket]) -> [Ticket] {
        tickets.filter { $0.number > number }.sorted { $0.number < $1.number }
    }
}
