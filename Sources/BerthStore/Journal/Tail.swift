// SPDX-License-Identifier: Apache-2.0

/// The verified lines of a generation, as they stand in the file, and the
/// latest change of each key in them.
///
/// A value: a snapshot keeps its own while the journal grows. Nothing is
/// decoded but the places of keys and values.
struct Tail: Sendable {
    /// The file from its first byte to the end of its last valid line.
    private(set) var bytes: [UInt8] = []
    /// One for each key, in the order of the keys.
    private var places: [Place] = []
    /// The changes of the line that is being taken in; kept for its memory.
    private var found: [Place] = []

    /// Where the latest change of a key stands in `bytes`.
    private struct Place: Sendable {
        var key: UInt32
        var keyLength: UInt16
        var value: UInt32
        /// 0 where the record was deleted: no JSON value is empty.
        var valueLength: UInt32
        var version: UInt64

        /// The place of a change in a line that begins at `start`.
        init(_ key: Range<Int>, _ value: Range<Int>?, of version: UInt64, from start: Int) {
            self.key = UInt32(start + key.lowerBound)
            keyLength = UInt16(key.count)
            self.value = UInt32(start + (value?.lowerBound ?? 0))
            valueLength = UInt32(value?.count ?? 0)
            self.version = version
        }
    }

    /// More memory than this is not asked for before it is needed.
    private static var maximumRoom: Int { 1024 * 1024 }

    /// The largest file whose places fit.
    static var maximumSize: Int { Int(Int32.max) }

    /// How many keys it holds.
    var count: Int { places.count }

    /// One of no lines.
    init() {}

    /// One of the header's line alone, with memory for so many bytes: what is
    /// not used of it costs nothing.
    init(header line: UnsafeRawBufferPointer, room: Int) {
        bytes.reserveCapacity(min(room, Self.maximumRoom))
        bytes.append(contentsOf: line)
    }

    /// Takes in a verified transaction, or a seal, with its newline; returns
    /// false where its body is not understood, and then changes nothing.
    mutating func append(_ line: UnsafeRawBufferPointer, _ frame: JournalLine) -> Bool {
        let start = bytes.count
        found.removeAll(keepingCapacity: true)
        if frame.kind == .transaction {
            let inner = UnsafeRawBufferPointer(rebasing: line.dropLast())
            let isUnderstood = TransactionLine.forEachChange(in: inner, body: frame.body) {
                key, value in
                found.append(Place(key, value, of: frame.number, from: start))
            }
            guard isUnderstood else { return false }
        }
        bytes.append(contentsOf: line)
        insertFound()
        return true
    }

    /// Takes in a transaction whose places are known, with its newline.
    mutating func append(
        _ line: UnsafeRawBufferPointer, number: UInt64, _ places: [TransactionLine.Place]
    ) {
        let start = bytes.count
        found.removeAll(keepingCapacity: true)
        for place in places {
            found.append(Place(place.key, place.value, of: number, from: start))
        }
        bytes.append(contentsOf: line)
        insertFound()
    }

    /// - Complexity: O(m log n) for a few changes, O(n + m log m) for many.
    private mutating func insertFound() {
        bytes.withUnsafeBytes { bytes in
            func key(_ place: Place) -> UnsafeRawBufferPointer {
                let start = Int(place.key)
                return UnsafeRawBufferPointer(
                    rebasing: bytes[start..<start + Int(place.keyLength)])
            }
            if found.count <= 16 {
                for place in found {
                    let index = Self.index(of: key(place), in: places, key)
                    if index < places.count, key(places[index]).compare(key(place)) == 0 {
                        places[index] = place
                    } else {
                        places.insert(place, at: index)
                    }
                }
                return
            }
            // The sort is stable: of equal keys the newer stays behind the older.
            let sorted = (places + found).sorted { key($0).compare(key($1)) < 0 }
            places.removeAll(keepingCapacity: true)
            for place in sorted {
                if let last = places.last, key(last).compare(key(place)) == 0 {
                    places[places.count - 1] = place
                } else {
                    places.append(place)
                }
            }
        }
    }

    /// The index of the first place whose key is not less.
    private static func index(
        of key: UnsafeRawBufferPointer, in places: [Place],
        _ keyOf: (Place) -> UnsafeRawBufferPointer
    ) -> Int {
        var low = 0
        var high = places.count
        while low < high {
            let middle = (low + high) / 2
            if keyOf(places[middle]).compare(key) < 0 {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// The index of the first key that is not less than a text.
    func index(of key: UnsafeRawBufferPointer) -> Int {
        bytes.withUnsafeBytes { bytes in
            Self.index(of: key, in: places) { place in
                let start = Int(place.key)
                return UnsafeRawBufferPointer(
                    rebasing: bytes[start..<start + Int(place.keyLength)])
            }
        }
    }

    /// The latest change of the key at an index.
    func entry(at index: Int) -> Entry {
        let place = places[index]
        let state = state(at: index)
        return Entry(
            key: Array(bytes[Int(place.key)..<Int(place.key) + Int(place.keyLength)]),
            value: state.value, version: state.version)
    }

    /// The latest change of a key; nil where the generation has none.
    func find(_ key: UnsafeRawBufferPointer) -> Entry.State? {
        let index = index(of: key)
        guard index < places.count else { return nil }
        let place = places[index]
        let isSame = bytes.withUnsafeBytes { bytes in
            let start = Int(place.key)
            return UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(place.keyLength)])
                .compare(key) == 0
        }
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

/// A key, and its value or its absence, as a run or a tail has it.
struct Entry: Hashable, Sendable {
    let key: [UInt8]
    /// JSON; nil where the record was deleted.
    let value: [UInt8]?
    /// The number of the transaction that wrote it.
    let version: UInt64

    /// What an entry says of its key.
    struct State {
        /// JSON; nil where the record was deleted.
        let value: [UInt8]?
        /// The number of the transaction that wrote it.
        let version: UInt64
    }
}
