// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The payload of a job that is a command to be run.
package struct JobCommand: Hashable, Sendable {
    /// The kind of such jobs.
    package static var kind: String { "command" }

    package let words: [String]
    /// Where it runs: an absolute path.
    package let directory: String
    /// The variables that it is given beside those of its worker, in order.
    package let variables: [(name: String, value: String)]

    package init(
        _ words: [String], in directory: String, variables: [(name: String, value: String)] = []
    ) {
        self.words = words
        self.directory = directory
        self.variables = variables
    }

    /// `{"command":["make","-j2"],"directory":"/home/me","environment":{"CC":"clang"}}`
    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("command")
        writer.beginArray()
        for word in words { writer.value(word) }
        writer.endArray()
        writer.member("directory", directory)
        if !variables.isEmpty {
            writer.member("environment")
            writer.beginObject()
            for (name, value) in variables {
                writer.member(named: name)
                writer.value(value)
            }
            writer.endObject()
        }
        writer.endObject()
        return writer.bytes
    }

    /// Reads it back; nil where the payload is none of a command.
    package init?(json: [UInt8]) {
        guard let fields = JSONFields(json),
            let words = fields.array("command")?.map({ JSONScan.string($0) }), !words.isEmpty,
            let directory = fields.string("directory")
        else { return nil }
        self.words = words.compactMap { $0 }
        guard self.words.count == words.count else { return nil }
        self.directory = directory
        variables = fields.fields("environment")?.strings ?? []
    }

    package static func == (left: JobCommand, right: JobCommand) -> Bool {
        left.json == right.json
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(json)
    }
}
