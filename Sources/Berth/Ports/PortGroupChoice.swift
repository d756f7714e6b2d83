// SPDX-License-Identifier: Apache-2.0

/// The rule by which the ports of a group are chosen.
struct PortGroupChoice {
    let group: PortGroup
    /// Where free ports are looked for, from the lowest.
    let range: ClosedRange<Int>
    /// The ports that others have.
    var taken = PortSet()
    /// The ports that are not to be given out.
    var excluded = PortSet()

    /// A port for each service, in the order of the services; nil where they
    /// do not all find one.
    ///
    /// A service whose preferred port is free has that. All others lie by
    /// their offsets above one base: the lowest with which each of them is
    /// free and in the range.
    ///
    /// - Complexity: O(n) in the size of the range, for each service.
    func ports(isOccupied: (Int) throws -> Bool) throws -> [Int]? {
        var blocked = taken
        blocked.formUnion(excluded)
        var ports: [Int] = []
        var rest: [Int] = []
        for (place, service) in group.services.enumerated() {
            ports.append(0)
            if let preference = service.preference, !blocked.contains(preference),
                try !isOccupied(preference)
            {
                ports[place] = preference
                blocked.insert(preference)
            } else {
                rest.append(place)
            }
        }
        let offsets = rest.map { group.services[$0].offset }
        guard let highest = offsets.max() else { return ports }
        var base = max(group.base ?? range.lowerBound, range.lowerBound)
        search: while base + highest <= range.upperBound {
            defer { base += 1 }
            for offset in offsets where blocked.contains(base + offset) { continue search }
            for offset in offsets {
                if try isOccupied(base + offset) {
                    blocked.insert(base + offset)
                    continue search
                }
            }
            for (place, offset) in zip(rest, offsets) { ports[place] = base + offset }
            return ports
        }
        return nil
    }
}
