// SPDX-License-Identifier: Apache-2.0

/// A key, and its value or its absence, as a run or a tail has it.
struct Entry: Hashable, Sendable {
    let key: [UInt8]
    /// JSON; nil where the record was deleted.
    let value: [UInt8]?
    /// The number of the transaction that wrote it.
    let version: UInt64

    /// What an entry says of its key.
    struct State {
        /// JSON; nil where the record was deleted.
        let value: [UInt8]?
        /// The number of the transaction that wrote it.
        let version: UInt64
    }
}

/// Walks over entries in the order of their keys, one for each key.
protocol EntryCursor {
    mutating func next() throws(StoreError) -> Entry?
}
