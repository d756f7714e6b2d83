// SPDX-License-Identifier: Apache-2.0

/// Entries as they stand in the bytes of a file, one for each key, in the order
/// of the keys.
///
/// A value: who has a copy keeps it while another grows. Nothing is decoded but
/// the places of keys and values.
struct EntryTable: Sendable {
    private(set) var bytes: [UInt8] = []
    private var places: [Place] = []

    /// Where an entry stands in the bytes.
    struct Place: Sendable {
        fileprivate var key: UInt32
        fileprivate var keyLength: UInt16
        fileprivate var value: UInt32
        /// 0 where the record was deleted: no JSON value is empty.
        fileprivate var valueLength: UInt32
        fileprivate var version: UInt64

        /// The place of an entry in a line that begins at `start`.
        init(_ key: Range<Int>, _ value: Range<Int>?, of version: UInt64, from start: Int) {
            self.key = UInt32(start + key.lowerBound)
            keyLength = UInt16(key.count)
            self.value = UInt32(start + (value?.lowerBound ?? 0))
            valueLength = UInt32(value?.count ?? 0)
            self.version = version
        }
    }

    /// So many bytes at most have places.
    static var maximumSize: Int { Int(Int32.max) }

    /// How many keys it has.
    var count: Int { places.count }

    // MARK: Growing

    /// Makes room for so many bytes: what is not used of it costs nothing.
    mutating func reserveCapacity(bytes count: Int) {
        bytes.reserveCapacity(count)
    }

    mutating func append(_ more: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: more)
    }

    /// Adds an entry whose key is greater than all others; false where it is not.
    mutating func append(_ place: Place) -> Bool {
        if let last = places.last {
            let isGreater = bytes.withUnsafeBytes { bytes in
                bytes.key(of: last).compare(bytes.key(of: place)) < 0
            }
            guard isGreater else { return false }
        }
        places.append(place)
        return true
    }

    /// Sorts in new entries. Of a key that is there already the new one counts,
    /// and of several new ones the last. What `new` holds afterwards means nothing.
    ///
    /// - Complexity: O(m log (m + n)) comparisons of keys for m new ones among
    ///   n, and O(m + n) moves.
    mutating func insert(_ new: inout [Place]) {
        /// Where those belong whose keys are new, which move to the front.
        var spots: [Int] = []
        bytes.withUnsafeBytes { bytes in
            // The sort is stable: of equal keys the newer stays behind the older.
            if new.count > 1 { new.sort { bytes.key(of: $0).compare(bytes.key(of: $1)) < 0 } }
            var spot = 0
            for index in new.indices {
                let key = bytes.key(of: new[index])
                let next = index + 1
                if next < new.count, bytes.key(of: new[next]).compare(key) == 0 { continue }
                spot = places.partitionPoint(from: spot) { bytes.key(of: $0).compare(key) >= 0 }
                if spot < places.count, bytes.key(of: places[spot]).compare(key) == 0 {
                    places[spot] = new[index]
                } else {
                    new[spots.count] = new[index]
                    spots.append(spot)
                }
            }
        }
        insert(new[..<spots.count], at: spots)
    }

    /// Makes room at the spots and fills it, from the last to the first: each
    /// place moves once.
    private mutating func insert(_ new: ArraySlice<Place>, at spots: [Int]) {
        var end = places.count
        places.append(contentsOf: new)
        places.withUnsafeMutableBufferPointer { places in
            guard let first = places.baseAddress else { return }
            for index in spots.indices.reversed() {
                let spot = spots[index]
                (first + spot + index + 1).update(from: first + spot, count: end - spot)
                places[spot + index] = new[index]
                end = spot
            }
        }
    }

    // MARK: Looking

    /// The index of the first key that is not less than a text.
    func index(of wanted: UnsafeRawBufferPointer) -> Int {
        bytes.withUnsafeBytes { bytes in
            places.partitionPoint { bytes.key(of: $0).compare(wanted) >= 0 }
        }
    }

    /// The entry at an index.
    func entry(at index: Int) -> Entry {
        let place = places[index]
        let state = state(at: index)
        return Entry(
            key: Array(bytes[Int(place.key)..<Int(place.key) + Int(place.keyLength)]),
            value: state.value, version: state.version)
    }

    /// What is said of a key; nil where nothing is.
    func find(_ wanted: UnsafeRawBufferPointer) -> Entry.State? {
        let index = index(of: wanted)
        guard index < places.count else { return nil }
        let isSame = bytes.withUnsafeBytes { $0.key(of: places[index]).compare(wanted) == 0 }
        return isSame ? state(at: index) : nil
    }

    private func state(at index: Int) -> Entry.State {
        let place = places[index]
        let start = Int(place.value)
        return Entry.State(
            value: place.valueLength == 0
                ? nil : Array(bytes[start..<start + Int(place.valueLength)]),
            version: place.version)
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func key(of place: EntryTable.Place) -> UnsafeRawBufferPointer {
        let start = Int(place.key)
        return UnsafeRawBufferPointer(rebasing: self[start..<start + Int(place.keyLength)])
    }
}

extension Array {
    /// The index of the first element, from one on, for which something holds
    /// that holds for all behind it as well; the number of elements where it
    /// holds for none.
    ///
    /// - Complexity: O(log n).
    func partitionPoint(from first: Int = 0, _ holds: (Element) -> Bool) -> Int {
        var low = first
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// Walks over the entries of a table.
struct TableCursor: EntryCursor {
    private let table: EntryTable
    private var index: Int

    init(_ table: EntryTable, from index: Int = 0) {
        self.table = table
        self.index = index
    }

    mutating func next() -> Entry? {
        guard index < table.count else { return nil }
        defer { index += 1 }
        return table.entry(at: index)
    }
}
