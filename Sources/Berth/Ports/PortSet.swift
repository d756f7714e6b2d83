// SPDX-License-Identifier: Apache-2.0

/// A set of ports.
public struct PortSet: Hashable, Sendable {
    /// Every port there is.
    public static var all: ClosedRange<Int> { 1...65_535 }

    // A bit for each port. Plain integers: the type of any other array costs a
    // command at its start more than all the work on it.
    private var words: [Int]

    /// A set of no ports.
    public init() {
        words = Array(repeating: 0, count: 65_536 / Int.bitWidth)
    }

    /// Whether a port is in the set.
    public func contains(_ port: Int) -> Bool {
        Self.all.contains(port) && words[port >> 6] & (1 << (port & 63)) != 0
    }

    /// Adds a port from 1 to 65535; any other number is not one.
    public mutating func insert(_ port: Int) {
        if Self.all.contains(port) { words[port >> 6] |= 1 << (port & 63) }
    }

    /// Adds the ports of a range; a number in it that is no port is passed over.
    public mutating func insert(_ range: ClosedRange<Int>) {
        guard range.overlaps(Self.all) else { return }
        let ports = range.clamped(to: Self.all)
        // A word at a time: ranges of thousands of ports are common.
        for index in (ports.lowerBound >> 6)...(ports.upperBound >> 6) {
            let first = max(0, ports.lowerBound - index << 6)
            let last = min(63, ports.upperBound - index << 6)
            words[index] |= (-1 << first) & Int(bitPattern: UInt.max >> (63 - last))
        }
    }

    /// Takes a port out.
    public mutating func remove(_ port: Int) {
        if Self.all.contains(port) { words[port >> 6] &= ~(1 << (port & 63)) }
    }

    /// Adds the ports of another set.
    public mutating func formUnion(_ other: PortSet) {
        for index in words.indices { words[index] |= other.words[index] }
    }

    /// Whether no port is in the set.
    public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    /// The ports of the set as the fewest ranges, in ascending order.
    public var ranges: [ClosedRange<Int>] {
        var ranges: [ClosedRange<Int>] = []
        forEachRange(in: Self.all) { ranges.append($0) }
        return ranges
    }

    /// Tells the ports of the set in a part of all ports as the fewest ranges.
    func forEachRange(in part: ClosedRange<Int>, _ body: (ClosedRange<Int>) -> Void) {
        var port = part.lowerBound
        while let first = first(in: port, part.upperBound, present: true) {
            let end = self.first(in: first, part.upperBound, present: false)
            body(first...((end ?? part.upperBound + 1) - 1))
            guard let end else { break }
            port = end
        }
    }

    /// How many ports of a range are in the set.
    func count(in range: ClosedRange<Int>) -> Int {
        var count = 0
        forEachRange(in: range) { count += $0.count }
        return count
    }

    /// The lowest port of a range that is not in the set; nil where all are.
    func firstAbsent(in range: ClosedRange<Int>) -> Int? {
        first(in: range.lowerBound, range.upperBound, present: false)
    }

    /// The lowest number of a range that is, or is not, in the set: a word at
    /// a time where the word has none.
    private func first(in low: Int, _ high: Int, present: Bool) -> Int? {
        let none = present ? 0 : -1
        var port = low
        while port <= high {
            if port & 63 == 0 && words[port >> 6] == none {
                port += 64
            } else if contains(port) == present {
                return port
            } else {
                port += 1
            }
        }
        return nil
    }
}

extension PortSet {
    /// A set of ports, each given alone.
    public init(_ ports: some Sequence<Int>) {
        self.init()
        for port in ports { insert(port) }
    }
}
