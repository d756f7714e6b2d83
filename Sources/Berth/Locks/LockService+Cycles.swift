// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension LockService {
    /// How a contender looks for a cycle of waits that it is part of; nil where
    /// it runs under no lock, and so can be in none.
    func cycleSearch(
        _ ticket: Ticket, _ folder: LockFolder, _ request: Request
    ) -> ((_ attempt: Int) throws(CoordinatorError) -> LockWait.CycleSearch)? {
        if request.under.isEmpty { return nil }
        return { (attempt) throws(CoordinatorError) in
            let entry = try HeldLocks.entry(folder, ticket.number)
            // Read twice: each wait of the cycle was there both times, with the
            // same tickets, and so all of them at once in between.
            guard let first = try waitGraph().cycle(through: entry),
                let cycle = try waitGraph().cycle(through: entry),
                cycle.map(\.entry) == first.map(\.entry)
            else { return .none }
            guard WaitGraph.breaks(cycle, entry, attempt: attempt) else { return .waitsForAnother }
            return .found(WaitGraph.text(cycle))
        }
    }

    /// Looks at every contender of every lock.
    private func waitGraph() throws(CoordinatorError) -> WaitGraph {
        var contenders: [WaitGraph.Contender] = []
        for folder in try folders() {
            var live: [Ticket] = []
            for ticket in try folder.tickets().sorted(by: { $0.number < $1.number })
            where try folder.standing(of: ticket).isLive {
                let details = folder.details(of: ticket)
                var blockers: [String] = []
                for blocker in ticket.blockers(among: live) {
                    blockers.append(try HeldLocks.entry(folder, blocker.number))
                }
                live.append(ticket)
                contenders.append(
                    WaitGraph.Contender(
                        entry: try HeldLocks.entry(folder, ticket.number), lock: folder.name.text,
                        process: details?.holder.process, blockers: blockers,
                        under: HeldLocks.list(details?.under ?? ""),
                        joined: details?.joined ?? 0))
            }
        }
        return WaitGraph(contenders: contenders)
    }
}

extension Ticket {
    /// The living tickets ahead all of which have to go before this one's turn.
    ///
    /// Of several slots one is enough, whichever: nothing is sure to be in the
    /// way, so no cycle is seen through them.
    fileprivate func blockers(among live: [Ticket]) -> [Ticket] {
        guard turn(among: live, isLive: { _ in true }) != .enter else { return [] }
        if case .slots(let count) = mode, count > 1 { return [] }
        return ahead(in: live).filter { conflicts(with: $0) }
    }
}
