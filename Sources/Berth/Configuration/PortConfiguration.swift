// SPDX-License-Identifier: Apache-2.0

/// What configuration files and the environment say of ports: each setting is
/// nil where it is left open.
///
/// Of several sources the first that says something counts; exclusions add
/// up, and a group replaces another as a whole.
public struct PortConfiguration: Hashable, Sendable {
    /// What a source says of the group of services.
    enum Group: Hashable, Sendable {
        case unspecified
        /// That there is none, whatever a source of less weight says.
        case cleared
        case services(PortGroup)
    }

    /// What the ports of a directory are for.
    public var project: String?
    /// The lowest port to give out.
    public var lowest: Int?
    /// The highest port to give out.
    public var highest: Int?
    /// How far the highest port lies above the lowest, in its place.
    public var span: Int?
    /// The ports that are not given out.
    public var excluded = PortSet()
    /// After how many days without a use a reservation is idle.
    public var idleDays: Int?
    /// Where it is not looked whether a port is in use.
    public var occupancy = Occupancy()
    var group: Group = .unspecified
    /// Whether a store is not to be made where there is none.
    public var forbidsCreation: Bool?
    /// Whether reservations of lost directories stay where the range is full.
    public var keepsLost: Bool?
    /// Whether idle reservations stay where the range is full.
    public var keepsIdle: Bool?
    /// Whether ports of unrelated directories may be reserved and released.
    public var allowsUnrelatedPath: Bool?
    /// Whether a reservation may be given another project.
    public var allowsProjectChange: Bool?
    /// Whether a reservation may be given another task.
    public var allowsTaskChange: Bool?
    /// How long to wait for other writers, in seconds.
    public var lockSeconds: Int?
    /// How lists are printed.
    public var outputFormat: OutputFormat?

    /// One that says nothing.
    public init() {}

    /// How lists are printed.
    public enum OutputFormat: String, Hashable, Sendable, CaseIterable {
        /// For people.
        case table
        /// An array of objects.
        case json
        /// Comma-separated values, as RFC 4180 has them.
        case csv
        /// Values separated by tabs.
        case tsv
    }

    /// Where it is not looked whether a port is in use; each is nil where it
    /// is left open.
    public struct Occupancy: Hashable, Sendable {
        /// Nowhere at all.
        public var skipsAll: Bool?
        /// Not for TCP.
        public var skipsTCP: Bool?
        /// Not for UDP.
        public var skipsUDP: Bool?
        /// Not for IPv4.
        public var skipsIPv4: Bool?
        /// Not for IPv6.
        public var skipsIPv6: Bool?
        /// On every address, or on the loopback ones only.
        public var checksAllInterfaces: Bool?

        /// One that says nothing.
        public init() {}
    }

    /// The services of the project; nil where none are configured.
    public var services: PortGroup? {
        if case .services(let group) = group { return group }
        return nil
    }
}

// MARK: Weight

extension PortConfiguration {
    /// This configuration, and where it says nothing another of less weight.
    package func over(_ lesser: PortConfiguration) -> PortConfiguration {
        var result = self
        result.project = project ?? lesser.project
        result.lowest = lowest ?? lesser.lowest
        if highest == nil && span == nil {
            result.highest = lesser.highest
            result.span = lesser.span
        }
        result.excluded.formUnion(lesser.excluded)
        result.idleDays = idleDays ?? lesser.idleDays
        result.occupancy = occupancy.over(lesser.occupancy)
        if group == .unspecified { result.group = lesser.group }
        result.forbidsCreation = forbidsCreation ?? lesser.forbidsCreation
        result.keepsLost = keepsLost ?? lesser.keepsLost
        result.keepsIdle = keepsIdle ?? lesser.keepsIdle
        result.allowsUnrelatedPath = allowsUnrelatedPath ?? lesser.allowsUnrelatedPath
        result.allowsProjectChange = allowsProjectChange ?? lesser.allowsProjectChange
        result.allowsTaskChange = allowsTaskChange ?? lesser.allowsTaskChange
        result.lockSeconds = lockSeconds ?? lesser.lockSeconds
        result.outputFormat = outputFormat ?? lesser.outputFormat
        return result
    }
}

extension PortConfiguration.Occupancy {
    func over(_ lesser: PortConfiguration.Occupancy) -> PortConfiguration.Occupancy {
        var result = self
        result.skipsAll = skipsAll ?? lesser.skipsAll
        result.skipsTCP = skipsTCP ?? lesser.skipsTCP
        result.skipsUDP = skipsUDP ?? lesser.skipsUDP
        result.skipsIPv4 = skipsIPv4 ?? lesser.skipsIPv4
        result.skipsIPv6 = skipsIPv6 ?? lesser.skipsIPv6
        result.checksAllInterfaces = checksAllInterfaces ?? lesser.checksAllInterfaces
        return result
    }
}

// MARK: What follows

extension PortConfiguration {
    /// The ports to give out. One end that is given takes the other with it
    /// where the default lies on its wrong side.
    ///
    /// - Throws: ``CoordinatorError`` with `configuration` where the ends are
    ///   the wrong way round.
    public func range() throws(CoordinatorError) -> ClosedRange<Int> {
        let usual = PortRequest.defaultRange
        let low = lowest ?? usual.lowerBound
        let high = span.map { min(low + $0, 65_535) } ?? highest
        switch (lowest, high) {
        case (nil, nil):
            return usual
        case (let lowest?, nil):
            return lowest...(lowest <= usual.upperBound ? usual.upperBound : 65_535)
        case (nil, let high?):
            return (high >= usual.lowerBound ? usual.lowerBound : 1)...high
        case (let lowest?, let high?):
            if lowest > high {
                throw CoordinatorError(
                    .configuration,
                    "the lowest port " + String(lowest) + " is above the highest, " + String(high))
            }
            return lowest...high
        }
    }

    /// Where it is looked whether a port is in use.
    public var checks: PortOccupancy {
        if occupancy.skipsAll == true { return .unchecked }
        var checks = PortOccupancy()
        checks.checksTCP = occupancy.skipsTCP != true
        checks.checksUDP = occupancy.skipsUDP != true
        checks.checksIPv4 = occupancy.skipsIPv4 != true
        checks.checksIPv6 = occupancy.skipsIPv6 != true
        checks.checksAllInterfaces = occupancy.checksAllInterfaces ?? true
        return checks
    }

    /// What may be done where the range is full.
    public var cleanup: PortCleanup {
        PortCleanup(
            prunes: keepsLost != true,
            idleDays: keepsIdle == true ? nil : idleDays ?? PortCleanup.defaultDays)
    }
}
