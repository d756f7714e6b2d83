// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Reads the values of a configuration file as what they are to be.
struct ConfigurationReader {
    private let text: ConfigurationText

    init(_ text: ConfigurationText) {
        self.text = text
    }

    func failure(_ node: ConfigurationNode, _ reason: String) -> CoordinatorError {
        text.failure(node.bounds.lowerBound, reason)
    }

    func unknown(_ member: ConfigurationNode.Member) -> CoordinatorError {
        text.failure(member.start, "there is no setting \"" + member.name + "\"")
    }

    /// Refuses a setting that is not one of the file's kind.
    func check(
        _ member: ConfigurationNode.Member, _ kind: PortConfiguration.FileKind,
        _ wanted: PortConfiguration.FileKind
    ) throws(CoordinatorError) {
        guard kind != wanted else { return }
        throw text.failure(
            member.start, "\"" + member.name + "\" is a setting of a project's file alone")
    }

    // MARK: Types

    func object(
        _ node: ConfigurationNode, _ name: String
    ) throws(CoordinatorError) -> [ConfigurationNode.Member] {
        guard case .object(let members) = node.value else {
            throw failure(node, name + " is no object")
        }
        return members
    }

    func array(
        _ node: ConfigurationNode, _ name: String
    ) throws(CoordinatorError) -> [ConfigurationNode] {
        guard case .array(let elements) = node.value else {
            throw failure(node, name + " is no array")
        }
        return elements
    }

    func bool(
        _ node: ConfigurationNode, _ name: String
    ) throws(CoordinatorError) -> Bool {
        guard case .bool(let value) = node.value else {
            throw failure(node, name + " is neither true nor false")
        }
        return value
    }

    func integer(
        _ node: ConfigurationNode, _ name: String, _ bounds: ClosedRange<Int>
    ) throws(CoordinatorError) -> Int {
        guard case .number(let digits) = node.value, let number = Int(decimal: digits),
            bounds.contains(number)
        else {
            throw failure(
                node,
                name + " is no number from " + String(bounds.lowerBound) + " to "
                    + String(bounds.upperBound))
        }
        return number
    }

    func string(
        _ node: ConfigurationNode, _ name: String
    ) throws(CoordinatorError) -> String {
        guard case .string(let value) = node.value else {
            throw failure(node, name + " is no text")
        }
        return value
    }

    /// The name of a project or a service.
    func name(_ node: ConfigurationNode, _ name: String) throws(CoordinatorError) -> String {
        let value = try string(node, name)
        if let problem = ReservationText.problem(value) {
            throw failure(node, name + " " + problem)
        }
        return value
    }

    func format(
        _ node: ConfigurationNode, _ name: String
    ) throws(CoordinatorError) -> PortConfiguration.OutputFormat {
        guard let format = PortConfiguration.OutputFormat(rawValue: try string(node, name)) else {
            throw failure(node, name + " is none of table, json, csv and tsv")
        }
        return format
    }

    // MARK: Ports

    /// A port, a text `5000..5010`, or `{"start":5000,"end":5010}`.
    func exclusion(_ node: ConfigurationNode) throws(CoordinatorError) -> ClosedRange<Int> {
        switch node.value {
        case .number:
            let port = try integer(node, "an excluded port", PortSet.all)
            return port...port
        case .string(let text):
            guard let range = PortRangeText.range(text) else {
                throw failure(node, "\"" + text + "\" is no port and no range such as 5000..5010")
            }
            return range
        case .object(let members):
            guard members.count == 2, let start = node.member("start"),
                let end = node.member("end")
            else { throw failure(node, "an excluded range has a start and an end") }
            let low = try integer(start, "start", PortSet.all)
            let high = try integer(end, "end", PortSet.all)
            if low > high { throw failure(node, "start is above end") }
            return low...high
        default:
            throw failure(node, "an excluded port is a number or a text such as \"5000..5010\"")
        }
    }

    // MARK: Groups

    func group(_ node: ConfigurationNode) throws(CoordinatorError) -> PortGroup {
        var base: Int?
        var services: [PortGroup.Service] = []
        var members: [ConfigurationNode.Member] = []
        for member in try object(node, "reservations") {
            switch member.name {
            case "base": base = try integer(member.node, "base", PortSet.all)
            case "services":
                members = try object(member.node, "services")
                for member in members {
                    services.append(try service(member.name, member.node))
                    let problem = PortGroup.problem(services)
                    if let problem { throw text.failure(member.start, problem.reason) }
                }
            default: throw unknown(member)
            }
        }
        if services.isEmpty { throw failure(node, "a group has no services") }
        return try PortGroup(services, base: base)
    }

    private func service(
        _ name: String, _ node: ConfigurationNode
    ) throws(CoordinatorError) -> PortGroup.Service {
        var offset = 0
        var preference: Int?
        var variable: String?
        for member in try object(node, "the service " + name) {
            switch member.name {
            case "offset": offset = try integer(member.node, "offset", 0...65_534)
            case "preferred": preference = try integer(member.node, "preferred", PortSet.all)
            case "env": variable = try string(member.node, "env")
            default: throw unknown(member)
            }
        }
        return PortGroup.Service(
            name, offset: offset, preferring: preference, variable: variable)
    }
}
