// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The records of the changes that had an id: the outcome of each, and a ring of
/// slots that says which is the oldest. Each change takes one slot, and with it
/// the outcome that stood there, so they never become more.
enum OperationRecords {
    /// How many outcomes are kept.
    static var kept: UInt64 { 4096 }

    static var outcomes: String { "operations/id/" }
    /// How many there ever were.
    static var count: RecordKey { RecordKey("operations/count") }

    static func slot(_ number: UInt64) -> RecordKey {
        RecordKey("operations/slot/" + String(number % kept))
    }
}

extension CoordinatorTransaction {
    /// The outcome of a change that was made before; nil where it was not, or
    /// that is forgotten.
    func outcome(of operation: Operation) throws -> [UInt8]? {
        try base.record(operation.record).map { try operation.outcome(in: $0) }
    }

    /// Keeps the outcome of a change, JSON on one line, in the place of the oldest.
    mutating func keep(_ outcome: [UInt8], of operation: Operation) throws {
        let number = try base.record(OperationRecords.count).flatMap {
            UInt64(decimal: $0.value[...])
        }
        let slot = OperationRecords.slot(number ?? 0)
        if let oldest = try base.record(slot).flatMap({ JSONScan.string($0.value) }),
            let key = RecordKey(validating: oldest)
        {
            base.delete(key)
        }
        let record = operation.record
        var place = JSONWriter()
        place.value(record.text)
        try base.set(slot, place.bytes)
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("id", operation.id.text)
        writer.member("request", operation.fingerprint)
        writer.member("outcome", json: outcome)
        writer.endObject()
        try base.set(record, writer.bytes)
        var next: [UInt8] = []
        next.append(decimal: (number ?? 0) + 1)
        try base.set(OperationRecords.count, next)
    }
}
