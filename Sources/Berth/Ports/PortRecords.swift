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
        JSONScan.integer(key.text.utf8.dropFirst(items.utf8.count))
    }

    /// The record of an owner: 128 bits of hash stand for its path and tag,
    /// which may be longer than a key.
    static func owner(path: String, tag: String?) -> RecordKey {
        var name = Array(path.utf8)
        name.append(0)
        name += (tag ?? "").utf8
        var digits: [UInt8] = []
        name.withUnsafeBytes { bytes in
            // Fixed keys: the name must be the same in every store and version.
            digits.append(hexadecimal: SipHash(k0: 0, k1: 0).hash(bytes))
            digits.append(hexadecimal: SipHash(k0: 1, k1: 0).hash(bytes))
        }
        return RecordKey("ports/owner/" + String(decoding: digits, as: UTF8.self))
    }

    /// The record's value: the port alone.
    static func value(_ port: Int) -> [UInt8] {
        var digits: [UInt8] = []
        digits.append(decimal: port)
        return digits
    }
}
