// SPDX-License-Identifier: Apache-2.0

/// What was found in a damaged store, and what was not.
package struct SalvageReport: Hashable, Sendable {
    package internal(set) var records = 0
    /// Where lines were dropped.
    package internal(set) var dropped = DamageList()
    /// What else the reader should know of the copy.
    package internal(set) var notes: [String] = []

    init() {}
}

extension Store {
    /// Makes a new store, where nothing is yet, of whatever is valid in this
    /// one: the newest valid version of each record. This one is only read.
    /// Blocks the current thread.
    ///
    /// Where the line that deleted a record is lost, the record is back; where
    /// its newest version is lost, an older one may be. The copy's versions go
    /// on beyond any that may have been lost.
    ///
    /// - Throws: `notFound` where there is no store, `damaged` where nothing
    ///   can be verified, `cannotCreate` where something is at the place.
    package func salvage(
        to path: String, progress: @escaping ProgressReport = { _, _ in }
    ) throws(StoreError) -> SalvageReport {
        guard let directory = try StoreDirectory.open(self.path, creating: false, environment)
        else { throw .noStore(self.path) }
        var report = SalvageReport()
        var durability = options.durability
        let journal = try SalvagedJournal.read(directory, &report)
        if let header = journal.header { durability = header.durability }
        var count = 0
        try StagedStore.make(
            at: path, outside: directory.identity, durability: durability, environment
        ) { () throws(StoreError) in
            var loose = journal.entries
            var newest = journal.newest
            var sources: [any EntryCursor] = []
            for name in try journal.runNames(directory, &report) {
                let run = try SalvagedRun.scan(name, directory, journal.salt, &report)
                newest = max(newest, run.newest)
                for entry in run.misplaced { loose.take(entry) }
                sources.append(try SalvagedRunCursor(name, directory, journal.salt))
            }
            let entries = try MergedCursor(
                [loose.cursor] + sources, taking: .greatestVersion)
            return StoreEngine.Addition(
                entries: ReportingCursor(LivingCursor(entries), total: 0) { done, total in
                    count = done
                    progress(done, total)
                },
                number: newest + Generation.maximumTransactions)
        }
        report.records = count
        return report
    }
}

/// Leaves the tombstones out: there is nothing below that they could hide.
private struct LivingCursor: EntryCursor {
    private var base: MergedCursor

    init(_ base: MergedCursor) {
        self.base = base
    }

    mutating func next() throws(StoreError) -> Entry? {
        while let entry = try base.next() {
            if entry.value != nil { return entry }
        }
        return nil
    }
}
