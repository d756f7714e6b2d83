// SPDX-License-Identifier: Apache-2.0

/// The rule by which a port is chosen.
struct PortChoice {
    /// Where a free port is looked for, from the lowest.
    var range: ClosedRange<Int>
    /// The port to take if it is free, in or out of the range.
    var preference: Int?
    /// Whether no other than the preferred one will do.
    var isExact = false
    /// The ports that others have.
    var taken = PortSet()
    /// The ports that are not to be given out.
    var excluded = PortSet()
    /// Whether the preferred one may be an excluded one.
    var ignoresExclusions = false
    /// Whether the preferred one may be in use by a program.
    var ignoresOccupied = false

    /// The preferred port if it is free, else, where another will do, the
    /// lowest free one of the range; nil where there is none.
    ///
    /// Whether a program uses a port is asked only of ports that are neither
    /// reserved nor excluded, and of none beyond the one that is chosen.
    ///
    /// - Complexity: O(n) in the size of the range.
    func port<Failure: Error>(
        isOccupied: (Int) throws(Failure) -> Bool
    ) throws(Failure) -> Int? {
        if let preference, !taken.contains(preference),
            ignoresExclusions || !excluded.contains(preference)
        {
            if ignoresOccupied { return preference }
            if try !isOccupied(preference) { return preference }
        }
        if isExact { return nil }
        var blocked = taken
        blocked.formUnion(excluded)
        // It has been asked for above, or must not be had.
        if let preference { blocked.insert(preference) }
        var low = range.lowerBound
        while low <= range.upperBound,
            let port = blocked.firstAbsent(in: low...range.upperBound)
        {
            if try !isOccupied(port) { return port }
            low = port + 1
        }
        return nil
    }
}
