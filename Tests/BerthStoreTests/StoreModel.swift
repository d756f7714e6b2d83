// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// What a store should hold, kept in the plainest way.
struct StoreModel: Hashable, Sendable {
    private(set) var records: [RecordKey: Record] = [:]
    /// The number of the last transaction.
    var version: UInt64 = 0

    init() {}

    /// What a store was found to hold.
    init(_ records: [Record], version: UInt64) {
        for record in records { self.records[record.key] = record }
        self.version = version
    }

    mutating func apply(_ changes: [(RecordKey, [UInt8]?)]) {
        version += 1
        for (key, value) in changes {
            records[key] = value.map { Record(key: key, value: $0, version: version) }
        }
    }

    /// In the order of the keys, as a store reports them.
    func sorted(prefix: String = "") -> [Record] {
        records.values.filter { $0.key.text.hasPrefix(prefix) }.sorted { $0.key < $1.key }
    }
}
