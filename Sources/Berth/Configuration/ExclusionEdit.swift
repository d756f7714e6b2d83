// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Changes of a configuration file's `excluded_ports`, which leave every other
/// byte of it as it is, comments among them.
enum ExclusionEdit {
    private static var name: String { "excluded_ports" }

    /// The text of a file that excludes some ports and nothing else.
    static func newFile(_ ranges: [ClosedRange<Int>]) -> [UInt8] {
        Array(("{\n    \"" + name + "\": [" + list(ranges) + "]\n}\n").utf8)
    }

    /// The text with more ports excluded.
    static func adding(
        _ ranges: [ClosedRange<Int>], to text: ConfigurationText
    ) throws(CoordinatorError) -> [UInt8] {
        let reader = ConfigurationReader(text)
        let members = try reader.object(text.root, "the configuration")
        guard let node = text.root.member(name) else {
            // Behind the opening brace.
            let separator = members.isEmpty ? "\n" : ","
            let member = "\n    \"" + name + "\": [" + list(ranges) + "]" + separator
            return inserted(member, into: text, at: text.root.bounds.lowerBound + 1)
        }
        let elements = try reader.array(node, name)
        guard let last = elements.last else {
            return inserted(list(ranges), into: text, at: node.bounds.lowerBound + 1)
        }
        return inserted(", " + list(ranges), into: text, at: last.bounds.upperBound)
    }

    /// The text with the same ports excluded by the fewest ranges; nil where
    /// they are that already.
    static func compacted(_ text: ConfigurationText) throws(CoordinatorError) -> [UInt8]? {
        guard let node = text.root.member(name) else { return nil }
        let reader = ConfigurationReader(text)
        var ports = PortSet()
        var given: [String] = []
        for element in try reader.array(node, name) {
            let range = try reader.exclusion(element)
            ports.insert(range)
            given.append(PortRangeText.text(range))
        }
        let ranges = ports.ranges
        if given == ranges.map(PortRangeText.text) { return nil }
        return Array(text.bytes[..<node.bounds.lowerBound]) + Array(("[" + list(ranges) + "]").utf8)
            + text.bytes[node.bounds.upperBound...]
    }

    /// `5001, "5005..5009"`
    private static func list(_ ranges: [ClosedRange<Int>]) -> String {
        ranges.map { range in
            let text = PortRangeText.text(range)
            return range.count == 1 ? text : "\"" + text + "\""
        }.joined(separator: ", ")
    }

    private static func inserted(
        _ part: String, into text: ConfigurationText, at place: Int
    ) -> [UInt8] {
        Array(text.bytes[..<place]) + Array(part.utf8) + text.bytes[place...]
    }
}
