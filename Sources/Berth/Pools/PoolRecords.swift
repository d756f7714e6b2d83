// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The records of the pools: of each pool one that says its items, and one for
/// each holding of some of them. No item is in two holdings.
enum PoolRecords {
    static var pools: String { "pools/pool/" }

    static func pool(_ name: PoolName) -> RecordKey {
        RecordKey(pools + name.text)
    }

    /// The name of the pool of a record; nil where the key is not one of a pool.
    static func name(_ key: RecordKey) -> PoolName? {
        try? PoolName(String(key.text.dropFirst(pools.count)))
    }

    static func holdings(of name: PoolName) -> String {
        "pools/held/" + name.text + "/"
    }

    static func holding(of name: PoolName, by owner: PoolOwner) -> RecordKey {
        switch owner {
        case .sign(let sign):
            let digits = String(decoding: Ticket.digits(sign.number), as: UTF8.self)
            return RecordKey(holdings(of: name) + "ticket-" + digits)
        case .directory(let path, let tag, let holder):
            var parts = Array(path.utf8)
            for part in [tag ?? ""] + (holder.map(Self.parts) ?? []) {
                parts.append(0)
                parts += part.utf8
            }
            return RecordKey(holdings(of: name), hashOf: parts)
        }
    }

    /// What tells a process from every other that has been or will be.
    private static func parts(_ holder: Holder) -> [String] {
        [
            String(holder.process), String(holder.start), holder.surroundings.boot,
            String(holder.surroundings.pidNamespace),
        ]
    }

    /// The value of a pool's record: `{"items":["gpu0","gpu1"]}`
    static func value(_ items: [String]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("items", items)
        writer.endObject()
        return writer.bytes
    }

    /// The items of a pool.
    ///
    /// - Throws: `damaged` where the record is not one of a pool.
    static func items(_ record: Record) throws(CoordinatorError) -> [String] {
        guard let items = JSONFields(record.value)?.strings("items"), !items.isEmpty else {
            throw CoordinatorError(
                .damaged, "the record " + record.key.text + " is not one of a pool")
        }
        return items
    }
}

/// Whose items are: what a holding is found by.
enum PoolOwner: Hashable, Sendable {
    /// A command or a program, for as long as it keeps its ticket.
    case sign(PoolSign)
    /// A directory and a tag, and the process for which they were taken.
    case directory(path: String, tag: String?, holder: Holder?)
}

extension JSONWriter {
    /// Adds a member that is an array of texts.
    mutating func member(_ name: StaticString, _ texts: [String]) {
        member(name)
        beginArray()
        for text in texts { value(text) }
        endArray()
    }
}

extension JSONFields {
    /// The elements of a member that is an array of texts; nil where it is not.
    func strings(_ name: StaticString) -> [String]? {
        guard let elements = array(name) else { return nil }
        var texts: [String] = []
        for element in elements {
            guard let text = JSONScan.string(element) else { return nil }
            texts.append(text)
        }
        return texts
    }
}
