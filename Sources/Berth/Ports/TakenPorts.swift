// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Which ports are reserved, as the records of the stretches tell it.
///
/// It finds free ports fast and is never trusted alone: a store that an older
/// version has written to lacks records, or has stale ones. Whoever meets a
/// contradiction makes it anew from the reservations.
struct TakenPorts {
    private(set) var ports = PortSet()
    /// The stretches whose records are to be written, a bit for each.
    private var changed = 0

    /// Reads the records: O(1), for there are 64 at most.
    init(_ base: Transaction) throws {
        var ports = PortSet()
        try base.forEach(prefix: PortRecords.stretches) { record in
            guard let stretch = PortRecords.stretch(record.key),
                let bounds = JSONScan.elements(of: record.value[...])
            else { return true }
            var low: Int?
            for bound in bounds {
                guard let port = Int(decimal: bound), port / PortRecords.stretchLength == stretch
                else { break }
                if let first = low, first <= port {
                    ports.insert(first...port)
                    low = nil
                } else {
                    low = port
                }
            }
            return true
        }
        self.ports = ports
    }

    mutating func insert(_ port: Int) {
        ports.insert(port)
        changed |= 1 << (port / PortRecords.stretchLength)
    }

    mutating func remove(_ port: Int) {
        ports.remove(port)
        changed |= 1 << (port / PortRecords.stretchLength)
    }

    /// Makes it anew from the reservations: O(n) in their number.
    mutating func rebuild(_ base: Transaction) throws {
        ports = PortSet()
        try base.forEach(prefix: PortRecords.items) { record in
            if let port = PortRecords.port(record.key) { ports.insert(port) }
            return true
        }
        changed = -1
    }

    /// Writes the records that have changed.
    mutating func write(to base: inout Transaction) throws {
        guard changed != 0 else { return }
        for stretch in 0..<(65_536 / PortRecords.stretchLength) where changed & 1 << stretch != 0 {
            let first = stretch * PortRecords.stretchLength
            let part = max(1, first)...(first + PortRecords.stretchLength - 1)
            let key = PortRecords.stretch(stretch)
            if let value = value(of: part) {
                try base.set(key, value)
            } else if try base.record(key) != nil {
                base.delete(key)
            }
        }
        changed = 0
    }

    /// `[5000,5003,5007,5007]`: the first and the last port of each run of them;
    /// nil where a part has none.
    private func value(of part: ClosedRange<Int>) -> [UInt8]? {
        var writer = JSONWriter()
        var isEmpty = true
        writer.beginArray()
        ports.forEachRange(in: part) { range in
            writer.value(range.lowerBound)
            writer.value(range.upperBound)
            isEmpty = false
        }
        writer.endArray()
        return isEmpty ? nil : writer.bytes
    }
}
