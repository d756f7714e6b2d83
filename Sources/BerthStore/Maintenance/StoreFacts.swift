// SPDX-License-Identifier: Apache-2.0

/// What a store consists of, at one moment.
package struct StoreFacts: Hashable, Sendable {
    package struct RunFacts: Hashable, Sendable {
        package let name: String
        package let bytes: Int
        /// Tombstones included.
        package let records: Int
    }

    package let path: String
    package let durability: Durability
    package let generation: UInt64
    /// The number of the last transaction.
    package let transaction: UInt64
    /// How much of the journal are lines.
    package let journalBytes: Int
    /// How much of it is known to be flushed.
    package let flushed: Int
    /// From the oldest to the newest.
    package let runs: [RunFacts]
    package let mergesUnderWay: Int
    /// They are named by the next rotation.
    package let mergesFinished: Int
    package let history: HistoryFacts
}

extension Store {
    /// What the store consists of. Takes no lock, and changes nothing.
    ///
    /// - Throws: `notFound` where there is no store, `damaged` where its journal is.
    package func facts() throws(StoreError) -> StoreFacts {
        guard let directory = try StoreDirectory.open(path, creating: false, environment),
            let seen = try StoreInspection.of(directory, environment)
        else { throw .noStore(path) }
        if seen.generation.end < seen.promised {
            throw .damaged(
                path, StoreDirectory.journalName, at: seen.generation.end,
                "what follows was durable up to byte " + String(seen.promised))
        }
        let merges = try directory.livingMerges(seen.header)
        return StoreFacts(
            path: path, durability: seen.header.durability, generation: seen.header.generation,
            transaction: seen.generation.lastNumber, journalBytes: seen.generation.end,
            flushed: seen.hint?.flushed ?? seen.header.length,
            runs: seen.header.runs.map { run in
                StoreFacts.RunFacts(name: run.name, bytes: run.bytes, records: run.records)
            },
            mergesUnderWay: merges.count { !$0.isFinished },
            mergesFinished: merges.count { $0.isFinished },
            history: HistoryFacts.of(directory, upTo: seen.header))
    }
}
