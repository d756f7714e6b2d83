// SPDX-License-Identifier: Apache-2.0

/// A directory of plain files that holds the state of one coordination domain.
package final class Store: Sendable {
    package let path: String
    package init(path: String) { self.path = path }

    /// Opens the store at a path, or prepares to make it at the first write.
    package static func open(
        at path: String, options: StoreOptions = StoreOptions(),
        environment: StoreEnvironment = .live
    ) throws(StoreError) -> Store { fatalError() }

    /// Runs a body as the store's only writer and makes what it changed durable.
    /// Blocks the current thread. A body that throws leaves no trace.
    package func write<Result>(
        _ operation: String, deadline: Deadline? = nil, isEssential: Bool = false,
        _ body: (inout Transaction) throws -> Result
    ) throws -> Result { fatalError() }

    /// Runs a body on one consistent snapshot, without a lock.
    package func read<Result>(_ body: (borrowing Snapshot) throws -> Result) throws -> Result {
        fatalError()
    }
}

/// One consistent state of the store's records.
package struct Snapshot {
    package func record(_ key: RecordKey) throws(StoreError) -> Record? { fatalError() }
    /// Records whose keys begin with a prefix, in key order, until the body returns false.
    package func forEach(
        prefix: String, from start: RecordKey? = nil, _ body: (Record) throws -> Bool
    ) throws { fatalError() }
}

/// What a body of ``Store/write`` sees and changes.
package struct Transaction {
    /// The version that every record it writes will carry.
    package var version: UInt64 { fatalError() }
    package func record(_ key: RecordKey) throws(StoreError) -> Record? { fatalError() }
    package func forEach(
        prefix: String, from start: RecordKey? = nil, _ body: (Record) throws -> Bool
    ) throws { fatalError() }
    /// Value: JSON of at most 64 KiB on one line (as JSONWriter or JSONText.compact make it).
    package mutating func set(_ key: RecordKey, _ value: [UInt8]) throws(StoreError) { fatalError() }
    package mutating func delete(_ key: RecordKey) { fatalError() }
}
