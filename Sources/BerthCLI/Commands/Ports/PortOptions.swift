// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// The options that the commands on ports share, by the names that trop gave them.
enum PortOptions {
    static var path: OptionSyntax {
        .value("path", "p", "DIR", "the directory; default: $BERTH_PATH, the current one")
    }

    /// The directory and the tag that own a port.
    static var owner: [OptionSyntax] {
        [path, .value("tag", "t", "TAG", "tells several ports of one directory apart")]
    }

    static var range: [OptionSyntax] {
        [
            .value("min", nil, "PORT", "the lowest port to look at; default: 5000"),
            .value("max", nil, "PORT", "the highest port to look at; default: 7000"),
        ]
    }

    static var skipOccupancy: OptionSyntax {
        .flag("skip-occupancy-check", nil, "do not look whether a port is in use")
    }

    /// Where it is looked whether a port is in use.
    static var probes: [OptionSyntax] {
        [
            .flag("skip-tcp", nil, "do not look at TCP"),
            .flag("skip-udp", nil, "do not look at UDP"),
            .flag("skip-ipv4", nil, "do not look at IPv4"),
            .flag("skip-ipv6", nil, "do not look at IPv6"),
            .flag(
                "check-all-interfaces", nil,
                "look at every address, where the configuration says loopback only"),
        ]
    }

    static var unrelated: OptionSyntax {
        .flag("allow-unrelated-path", nil, "allow a directory neither above nor below this one")
    }

    /// What may be changed of reservations that are there.
    static var permissions: [OptionSyntax] {
        [
            unrelated,
            .flag("allow-project-change", nil, "allow another project for a reservation"),
            .flag("allow-task-change", nil, "allow another task for a reservation"),
            .flag("allow-change", nil, "allow another project and another task"),
        ]
    }

    static var dryRun: OptionSyntax {
        .flag("dry-run", nil, "print what would be changed, and change nothing")
    }

    static var days: OptionSyntax {
        .value("days", nil, "N", "idle is what nobody asked for in N days; default: 30")
    }

    static var portBounds: ClosedRange<Int> { 1...65_535 }
}

extension ArgumentReader {
    /// What the options say of what configuration files say too.
    func portConfiguration() throws(UsageError) -> PortConfiguration {
        var configuration = PortConfiguration()
        configuration.lowest = try integer("min", in: PortOptions.portBounds)
        configuration.highest = try integer("max", in: PortOptions.portBounds)
        if let low = configuration.lowest, let high = configuration.highest, low > high {
            throw failure("--min " + String(low) + " is above --max " + String(high))
        }
        configuration.idleDays = try integer("days", in: 0...36_525)
        configuration.occupancy.skipsAll = flag("skip-occupancy-check")
        configuration.occupancy.skipsTCP = flag("skip-tcp")
        configuration.occupancy.skipsUDP = flag("skip-udp")
        configuration.occupancy.skipsIPv4 = flag("skip-ipv4")
        configuration.occupancy.skipsIPv6 = flag("skip-ipv6")
        configuration.occupancy.checksAllInterfaces = flag("check-all-interfaces")
        let isForced = has("force")
        configuration.allowsUnrelatedPath = flag("allow-unrelated-path", or: isForced)
        let allowsChange = isForced || has("allow-change")
        configuration.allowsProjectChange = flag("allow-project-change", or: allowsChange)
        configuration.allowsTaskChange = flag("allow-task-change", or: allowsChange)
        let keepsAll = has("disable-autoclean")
        configuration.keepsLost = flag("disable-autoprune", or: keepsAll)
        configuration.keepsIdle = flag("disable-autoexpire", or: keepsAll)
        return configuration
    }

    /// How a list is to be printed; nil leaves that open.
    func listFormat() throws(UsageError) -> PortConfiguration.OutputFormat? {
        guard let name = try text("format") else { return nil }
        // As trop has it, in letters of either case.
        guard let format = PortConfiguration.OutputFormat(rawValue: name.lowercased()) else {
            throw failure(
                "--format: " + Argument(name).quoted + " is none of table, json, csv and tsv")
        }
        return format
    }

    /// True where a flag is given, and nil where it is not: that leaves it open.
    private func flag(_ name: String, or isImplied: Bool = false) -> Bool? {
        has(name) || isImplied ? true : nil
    }

    /// The label that two options ask for: `--project NAME`, `--clear-project`.
    func label(_ name: String) throws(UsageError) -> PortLabel {
        let value = try text(name)
        if let problem = value.flatMap({ ReservationText.problem($0) }) {
            throw failure("--" + name + " " + problem)
        }
        if has("clear-" + name) {
            if value != nil {
                throw failure("--" + name + " and --clear-" + name + " exclude each other")
            }
            return .cleared
        }
        return value.map { .named($0) } ?? .unspecified
    }
}
