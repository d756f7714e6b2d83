// SPDX-License-Identifier: Apache-2.0

package import BerthStore

extension LockService {
    /// The tickets that dead processes have left. They hold nothing; the next
    /// contender for their lock removes them.
    package func findings() -> [Finding] {
        var findings: [Finding] = []
        do throws(CoordinatorError) {
            for (name, count) in try deadTickets() {
                findings.append(
                    Finding(
                        "locks", isHealthy: false,
                        "'" + name.text + "' has " + String(count)
                            + " tickets of dead processes; berth lock " + name.text
                            + " true removes them"))
            }
        } catch {
            return [Finding("locks", isHealthy: false, error.message)]
        }
        return findings.isEmpty
            ? [Finding("locks", isHealthy: true, "no stale tickets")] : findings
    }

    private func deadTickets() throws(CoordinatorError) -> [(name: LockName, count: Int)] {
        guard let directory = try LockDirectory.open(path, creating: false) else { return [] }
        var dead: [(LockName, Int)] = []
        for entry in try directory.folders() {
            guard let folder = try directory.open(folder: entry) else { continue }
            var count = 0
            for ticket in try folder.tickets() {
                if case .dead = try folder.standing(of: ticket) { count += 1 }
            }
            if count > 0 { dead.append((folder.name, count)) }
        }
        return dead.sorted { $0.0.text.utf8.lexicographicallyPrecedes($1.0.text.utf8) }
    }
}
