// SPDX-License-Identifier: Apache-2.0

/// A place in a store's files that is not what was written there.
package struct Damage: Hashable, Sendable {
    /// The file's name in the store's directory.
    package let file: String
    /// The byte at which it was seen, from 0.
    package let offset: Int
    /// The line that it concerns, counted from 1; nil where it is no line.
    package let record: Int?
    package let reason: String

    init(_ file: String, at offset: Int, record: Int? = nil, _ reason: String) {
        self.file = file
        self.offset = offset
        self.record = record
        self.reason = reason
    }
}

extension Damage: CustomStringConvertible {
    /// `run-3.jsonl, byte 4711, record 12: the line is not what was written`
    package var description: String {
        let place = record.map { ", record " + String($0) } ?? ""
        return file + ", byte " + String(offset) + place + ": " + reason
    }
}

/// Damage as it is found: all of it is counted, the first of it is kept.
package struct DamageList: Hashable, Sendable {
    /// A longer list would tell nobody more.
    private static var limit: Int { 1000 }

    /// In the order in which it was found.
    package private(set) var first: [Damage] = []
    package private(set) var count = 0

    init() {}

    package var isEmpty: Bool { count == 0 }

    mutating func append(_ damage: Damage) {
        count += 1
        if first.count < Self.limit { first.append(damage) }
    }

    mutating func append(_ other: DamageList) {
        count += other.count
        first += other.first.prefix(Self.limit - first.count)
    }
}
