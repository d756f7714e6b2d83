// SPDX-License-Identifier: Apache-2.0

/// Who waits for whom, over all locks of a store: contenders, what each is
/// under, and which of the others have to go before its turn.
///
/// Two kinds of edges: a contender waits for those ahead that exclude it; and
/// a grant is not given back while one that runs under it waits. What is under
/// which grant is what `BERTH_HELD` says, never that two have one process.
struct WaitGraph: Hashable, Sendable {
    /// A contender, by its entry of ``HeldLocks``.
    struct Contender: Hashable, Sendable {
        let entry: String
        let lock: String
        let process: Int32?
        /// The living tickets that it waits for; empty where it waits for none.
        let blockers: [String]
        /// The grants that it runs under.
        let under: [String]
        /// When it began to wait, on the clock of leases.
        let joined: UInt64

        var isWaiting: Bool { !blockers.isEmpty }
    }

    let contenders: [Contender]

    /// The waiting contenders of a cycle of waits that one is part of, in the
    /// order in which each waits for the next; nil where it is in none.
    func cycle(through entry: String) -> [Contender]? {
        guard let start = contender(entry), start.isWaiting else { return nil }
        var visited: Set<String> = []
        var path: [Contender] = []

        func reaches(_ contender: Contender) -> Bool {
            path.append(contender)
            for blocker in contender.blockers {
                // Whoever is ahead waits itself, or holds what others wait under.
                var next = contenders.filter { $0.isWaiting && $0.under.contains(blocker) }
                if let ahead = self.contender(blocker), ahead.isWaiting { next.append(ahead) }
                for other in next {
                    if other.entry == start.entry { return true }
                    if visited.insert(other.entry).inserted, reaches(other) { return true }
                }
            }
            path.removeLast()
            return false
        }
        return reaches(start) ? path : nil
    }

    private func contender(_ entry: String) -> Contender? {
        contenders.first { $0.entry == entry }
    }

    /// Which of a cycle's contenders breaks it: the one that came last, because
    /// it closed the cycle; at each further attempt the one before it as well,
    /// in case that one cannot.
    static func breaks(_ cycle: [Contender], _ entry: String, attempt: Int) -> Bool {
        let order = cycle.sorted { ($0.joined, $0.entry) > ($1.joined, $1.entry) }
        return order.prefix(attempt).contains { $0.entry == entry }
    }

    /// The cycle in words.
    static func text(_ cycle: [Contender]) -> String {
        cycle.map { contender in
            (contender.process.map { "process " + String($0) } ?? "a process") + " waits for '"
                + contender.lock + "'"
        }.joined(separator: ", ")
    }
}
