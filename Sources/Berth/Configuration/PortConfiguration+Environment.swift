// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension PortConfiguration {
    /// What the environment says. An empty variable is one that is not set.
    ///
    /// - Parameter variable: The bytes of a variable; nil where it is not set.
    /// - Throws: ``CoordinatorError`` with `configuration` where a variable
    ///   does not say what it should.
    package init(
        environment variable: @escaping (_ name: String) -> [UInt8]?
    ) throws(CoordinatorError) {
        let reader = EnvironmentReader(variable)
        project = try reader.name("BERTH_PROJECT")
        lowest = try reader.integer("BERTH_PORT_MIN", PortSet.all)
        highest = try reader.integer("BERTH_PORT_MAX", PortSet.all)
        span = try reader.integer("BERTH_PORT_MAX_OFFSET", 0...65_534)
        if highest != nil && span != nil {
            throw CoordinatorError(
                .configuration, "BERTH_PORT_MAX and BERTH_PORT_MAX_OFFSET exclude each other")
        }
        for range in try reader.ranges("BERTH_EXCLUDED_PORTS") { excluded.insert(range) }
        idleDays = try reader.integer("BERTH_EXPIRE_AFTER_DAYS", 1...36_525)
        occupancy.skipsAll = try reader.bool("BERTH_SKIP_OCCUPANCY_CHECK")
        occupancy.skipsTCP = try reader.bool("BERTH_SKIP_TCP")
        occupancy.skipsUDP = try reader.bool("BERTH_SKIP_UDP")
        occupancy.skipsIPv4 = try reader.bool("BERTH_SKIP_IPV4")
        occupancy.skipsIPv6 = try reader.bool("BERTH_SKIP_IPV6")
        occupancy.checksAllInterfaces = try reader.bool("BERTH_CHECK_ALL_INTERFACES")
        forbidsCreation = try reader.bool("BERTH_DISABLE_AUTOINIT")
        keepsLost = try reader.bool("BERTH_DISABLE_AUTOPRUNE")
        keepsIdle = try reader.bool("BERTH_DISABLE_AUTOEXPIRE")
        allowsUnrelatedPath = try reader.bool("BERTH_ALLOW_UNRELATED_PATH")
        let allows = try reader.bool("BERTH_ALLOW_CHANGE")
        allowsProjectChange = try reader.bool("BERTH_ALLOW_PROJECT_CHANGE") ?? allows
        allowsTaskChange = try reader.bool("BERTH_ALLOW_TASK_CHANGE") ?? allows
        lockSeconds = try reader.integer("BERTH_BUSY_TIMEOUT", 0...2_147_483)
        if let format = try reader.text("BERTH_OUTPUT_FORMAT") {
            outputFormat = OutputFormat(rawValue: format)
            if outputFormat == nil {
                throw reader.failure(
                    "BERTH_OUTPUT_FORMAT", format, "is none of table, json, csv and tsv")
            }
        }
    }
}

/// Reads variables of the environment as what they are to be.
package struct EnvironmentReader {
    private let variable: (_ name: String) -> [UInt8]?

    package init(_ variable: @escaping (_ name: String) -> [UInt8]?) {
        self.variable = variable
    }

    func failure(_ name: String, _ value: String, _ reason: String) -> CoordinatorError {
        CoordinatorError(.configuration, name + ": '" + value + "' " + reason)
    }

    /// Its text; nil where it is not set, or empty.
    package func text(_ name: String) throws(CoordinatorError) -> String? {
        guard let bytes = variable(name), !bytes.isEmpty else { return nil }
        guard let text = String(utf8: bytes) else {
            throw CoordinatorError(.configuration, name + " is not valid UTF-8")
        }
        return text
    }

    /// The name of a project or a task.
    package func name(_ name: String) throws(CoordinatorError) -> String? {
        guard let value = try text(name) else { return nil }
        if let problem = ReservationText.problem(value) {
            throw CoordinatorError(.configuration, name + " " + problem)
        }
        return value
    }

    func integer(
        _ name: String, _ bounds: ClosedRange<Int>
    ) throws(CoordinatorError) -> Int? {
        guard let value = try text(name) else { return nil }
        guard let number = Int(decimal: Array(value.utf8)[...]), bounds.contains(number) else {
            throw failure(
                name, value,
                "is no number from " + String(bounds.lowerBound) + " to "
                    + String(bounds.upperBound))
        }
        return number
    }

    func bool(_ name: String) throws(CoordinatorError) -> Bool? {
        guard let value = try text(name) else { return nil }
        switch value {
        case "1", "true", "yes", "on", "TRUE", "True": return true
        case "0", "false", "no", "off", "FALSE", "False": return false
        default: throw failure(name, value, "is neither true nor false")
        }
    }

    func ranges(_ name: String) throws(CoordinatorError) -> [ClosedRange<Int>] {
        guard let value = try text(name) else { return [] }
        var ranges: [ClosedRange<Int>] = []
        for part in value.utf8.split(separator: UInt8(ascii: ",")) {
            guard let range = PortRangeText.range(String(Substring(part))) else {
                throw failure(name, value, "has a part that is no port and no range")
            }
            ranges.append(range)
        }
        return ranges
    }
}
