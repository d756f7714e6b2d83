// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension PortConfiguration {
    /// Whose file it is: some settings are those of a project alone.
    enum FileKind: Hashable, Sendable {
        case project
        case user
    }

    /// Reads a file's text.
    ///
    /// - Throws: `configuration`, with the line and the column.
    init(_ text: ConfigurationText, _ kind: FileKind) throws(CoordinatorError) {
        let reader = ConfigurationReader(text)
        for member in try reader.object(text.root, "the configuration") {
            let (name, node) = (member.name, member.node)
            switch name {
            case "project":
                try reader.check(member, kind, .project)
                project = try reader.name(node, name)
            case "ports": try readPorts(reader, node)
            case "excluded_ports":
                for element in try reader.array(node, name) {
                    excluded.insert(try reader.exclusion(element))
                }
            case "cleanup":
                for member in try reader.object(node, name) {
                    guard member.name == "expire_after_days" else { throw reader.unknown(member) }
                    idleDays = try reader.integer(member.node, member.name, 1...36_525)
                }
            case "occupancy_check": try readOccupancy(reader, node)
            case "reservations":
                if case .null = node.value {
                    group = .cleared
                } else {
                    try reader.check(member, kind, .project)
                    group = .services(try reader.group(node))
                }
            case "disable_autoinit": forbidsCreation = try reader.bool(node, name)
            case "disable_autoprune": keepsLost = try reader.bool(node, name)
            case "disable_autoexpire": keepsIdle = try reader.bool(node, name)
            case "allow_unrelated_path": allowsUnrelatedPath = try reader.bool(node, name)
            case "allow_change_project", "allow_project_change":
                allowsProjectChange = try reader.bool(node, name)
            case "allow_change_task", "allow_task_change":
                allowsTaskChange = try reader.bool(node, name)
            case "allow_change":
                let allows = try reader.bool(node, name)
                allowsProjectChange = allowsProjectChange ?? allows
                allowsTaskChange = allowsTaskChange ?? allows
            case "maximum_lock_wait_seconds":
                lockSeconds = try reader.integer(node, name, 0...2_147_483)
            case "output_format": outputFormat = try reader.format(node, name)
            default: throw reader.unknown(member)
            }
        }
    }

    private mutating func readPorts(
        _ reader: ConfigurationReader, _ node: ConfigurationNode
    ) throws(CoordinatorError) {
        for member in try reader.object(node, "ports") {
            switch member.name {
            case "min": lowest = try reader.integer(member.node, "min", PortSet.all)
            case "max": highest = try reader.integer(member.node, "max", PortSet.all)
            case "max_offset": span = try reader.integer(member.node, "max_offset", 0...65_534)
            default: throw reader.unknown(member)
            }
        }
        if highest != nil && span != nil {
            throw reader.failure(node, "ports has both max and max_offset")
        }
        if let lowest, let highest, lowest > highest {
            throw reader.failure(node, "min is above max")
        }
    }

    private mutating func readOccupancy(
        _ reader: ConfigurationReader, _ node: ConfigurationNode
    ) throws(CoordinatorError) {
        for member in try reader.object(node, "occupancy_check") {
            let value = try reader.bool(member.node, member.name)
            switch member.name {
            case "skip": occupancy.skipsAll = value
            case "skip_tcp": occupancy.skipsTCP = value
            case "skip_udp": occupancy.skipsUDP = value
            case "skip_ip4", "skip_ipv4": occupancy.skipsIPv4 = value
            case "skip_ip6", "skip_ipv6": occupancy.skipsIPv6 = value
            case "check_all_interfaces": occupancy.checksAllInterfaces = value
            default: throw reader.unknown(member)
            }
        }
    }
}
