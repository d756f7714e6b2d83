// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// What a store consists of, at one moment.
public struct StoreInformation: Hashable, Sendable {
    /// An immutable, sorted file of records.
    public struct Run: Hashable, Sendable {
        /// The file's name in the store's directory.
        public let name: String
        /// Its size, in bytes.
        public let bytes: Int
        /// How many records it holds; one that was deleted counts until it is
        /// merged away.
        public let records: Int
    }

    /// The store's directory.
    public let path: String
    /// How changes are made durable.
    public let durability: Coordinator.Durability
    /// How often the journal was begun anew, counted from 1.
    public let generation: UInt64
    /// The number of the last transaction, which is also the greatest version
    /// that a record can have.
    public let transaction: UInt64
    /// How many bytes of transactions the journal holds, its header included.
    public let journalBytes: Int
    /// How many of them are known to be flushed.
    public let flushedBytes: Int
    /// From the oldest to the newest.
    public let runs: [Run]
    /// How many merges of runs are under way.
    public let mergesUnderWay: Int
    /// How many are finished, and take the place of their runs at the next
    /// rotation.
    public let mergesFinished: Int
    /// How many past generations are kept.
    public let historyGenerations: Int
    /// Their size, in bytes.
    public let historyBytes: Int
    /// How many bytes of journals and runs were written for each byte of a
    /// transaction, in the past generations that are kept; nil where none is.
    ///
    /// Journals count without the filling ahead of their lines, and the copies
    /// in the history and the hint not at all.
    public let writeAmplification: Double?

    init(_ facts: StoreFacts) {
        path = facts.path
        durability = Coordinator.Durability(kind: facts.durability)
        generation = facts.generation
        transaction = facts.transaction
        journalBytes = facts.journalBytes
        flushedBytes = facts.flushed
        runs = facts.runs.map { Run(name: $0.name, bytes: $0.bytes, records: $0.records) }
        mergesUnderWay = facts.mergesUnderWay
        mergesFinished = facts.mergesFinished
        historyGenerations = facts.history.generations
        historyBytes = facts.history.bytes
        writeAmplification = facts.history.writeAmplification
    }
}
