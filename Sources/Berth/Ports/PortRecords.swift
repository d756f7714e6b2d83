// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The records of the reserved ports: one by the port, which says all, and one
/// by the owner, which says the port.
enum PortRecords {
    static var items: String { "ports/item/" }

    /// The record of a port: its number in five digits, so that the order of
    /// the keys is that of the ports.
    static func item(_ port: Int) -> RecordKey {
        var digits: [UInt8] = []
        digits.append(decimal: port)
        let zeros = String(repeating: "0", count: max(0, 5 - digits.count))
        return RecordKey(items + zeros + String(decoding: digits, as: UTF8.self))
    }

    /// The port of a record; nil where the key is not one of a port.
    static func port(_ key: RecordKey) -> Int? {
        Int(decimal: Array(key.text.utf8)[items.utf8.count...])
    }

    /// The value of an owner's record: the port alone.
    static func value(_ port: Int) -> [UInt8] {
        var digits: [UInt8] = []
        digits.append(decimal: port)
        return digits
    }
}
