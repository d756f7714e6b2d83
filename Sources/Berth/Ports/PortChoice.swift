// SPDX-License-Identifier: Apache-2.0

/// The rule by which a port is chosen.
enum PortChoice {
    /// The preferred port if it is free, else, where another will do, the
    /// lowest free one of the range; nil where there is none.
    ///
    /// The reserved ports are in ascending order. Whether a program uses a
    /// port is asked only of ports that are not reserved, and of none beyond
    /// the one that is chosen.
    ///
    /// - Complexity: O(n) in the size of the range and of `taken`.
    static func port<Failure: Error>(
        in range: ClosedRange<Int>, preferring preference: Int?, exactly isExact: Bool,
        taken: [Int], isOccupied: (Int) throws(Failure) -> Bool
    ) throws(Failure) -> Int? {
        if let preference, !taken.contains(preference), try !isOccupied(preference) {
            return preference
        }
        if isExact { return nil }
        var rest = taken.drop { $0 < range.lowerBound }
        for port in range {
            if rest.first == port {
                rest.removeFirst()
            } else if port != preference, try !isOccupied(port) {
                return port
            }
        }
        return nil
    }
}
