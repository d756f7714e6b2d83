// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The records of the reserved ports: one by the port, which says all; one by
/// the owner, which says the port; one by the directory of a group, which says
/// its tags; and, so that a free port is found without reading them all, which
/// ports of a stretch are taken. Only the first is the truth of the last: a
/// port is given out when its own record is not there.
enum PortRecords {
    static var items: String { "ports/item/" }
    static var stretches: String { "ports/taken/" }
    /// How many ports a stretch has: its record stays small.
    static var stretchLength: Int { 1024 }

    /// The record of a port: its number in five digits, so that the order of
    /// the keys is that of the ports.
    static func item(_ port: Int) -> RecordKey {
        RecordKey(items + padded(port, to: 5))
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

    /// The record of the group of a directory.
    static func group(_ path: String) -> RecordKey {
        RecordKey("ports/group/", hashOf: Array(path.utf8))
    }

    /// The record of a stretch of ports, by its number from 0.
    static func stretch(_ number: Int) -> RecordKey {
        RecordKey(stretches + padded(number, to: 2))
    }

    /// The number of a stretch; nil where the key is not one of a stretch.
    static func stretch(_ key: RecordKey) -> Int? {
        Int(decimal: Array(key.text.utf8)[stretches.utf8.count...])
    }

    private static func padded(_ number: Int, to width: Int) -> String {
        var digits: [UInt8] = []
        digits.append(decimal: number)
        let zeros = String(repeating: "0", count: max(0, width - digits.count))
        return zeros + String(decoding: digits, as: UTF8.self)
    }
}
