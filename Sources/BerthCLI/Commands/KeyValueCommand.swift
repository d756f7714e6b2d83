// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// What the commands on values share.
enum KeyValueCommand {
    static var raw: OptionSyntax {
        .flag("raw", "r", "the value is text: kept as a JSON string, printed as its text")
    }

    static var ifVersion: OptionSyntax {
        .value("if-version", nil, "N", "only if the value is still of version N")
    }

    /// Where reading a value stops: white space and escapes may make the text
    /// longer than the value, but not without end.
    static var longestInput: Int { 1024 * 1024 }

    /// What has to be so, by the options `--if-absent`, `--if-version` and `--if-lock`.
    static func condition(_ arguments: ArgumentReader) throws(UsageError) -> KeyCondition {
        let version = try arguments.integer("if-version", in: 0...UInt64(1) << 53)
        if arguments.has("if-absent") && version != nil {
            throw arguments.failure("--if-absent and --if-version exclude each other")
        }
        let condition: KeyCondition =
            arguments.has("if-absent") ? .absent : version.map { .version($0) } ?? .always
        guard let grant = try arguments.text("if-lock") else { return condition }
        // The last colon: a lock's name may have some too.
        guard let colon = grant.lastIndex(of: ":"),
            let token = UInt64(decimal: Array(grant[colon...].utf8)[1...])
        else {
            throw arguments.failure(
                "--if-lock: " + Argument(grant).quoted
                    + " is not a lock's name, a colon and a token")
        }
        return condition.whileHolding(String(grant[..<colon]), token: token)
    }

    /// What a command or a file says, without the line feed that ends it.
    static func withoutLastLineFeed(_ bytes: [UInt8]) -> [UInt8] {
        bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes
    }

    /// A value as it was given, as JSON.
    static func json(_ bytes: [UInt8], isText: Bool, _ key: String) throws -> [UInt8] {
        guard isText else { return try ValueRule.compact(bytes, forKey: key) }
        guard let text = String(utf8: bytes) else {
            throw CoordinatorError(.invalid, "the text for " + key + " is not valid UTF-8")
        }
        var writer = JSONWriter(capacity: bytes.count + 2)
        writer.value(text)
        return writer.bytes
    }

    /// A value as it is printed: JSON, or where it is asked for and the value
    /// is a string, its text.
    static func printed(_ json: [UInt8], asText: Bool) -> [UInt8] {
        guard asText, let text = JSONScan.string(json) else { return json }
        return Array(text.utf8)
    }
}

extension KeyValue {
    /// `{"key":"counter","version":12,"value":50}`
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("key", key)
        writer.member("version", version)
        writer.member("value", json: json)
        writer.endObject()
    }
}

/// `berth kv get KEY`
enum KeyValueGet: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "kv get", summary: "print the value under a key", operands: ["KEY"],
            options: [KeyValueCommand.raw],
            details: "With --json also its version. Status 66: there is none.")
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let key = try arguments.requiredText(operand: 0, "KEY")
        guard let value = try context.coordinator().values.value(forKey: key) else {
            throw CoordinatorError(.notFound, "there is no value under the key " + key)
        }
        if context.settings.isJSON {
            var writer = JSONWriter()
            value.write(to: &writer)
            context.output.print(json: writer)
        } else {
            context.output.print(
                bytes: KeyValueCommand.printed(value.json, asText: arguments.has("raw")))
        }
        return .success
    }
}

/// `berth kv set KEY VALUE`
enum KeyValueSet: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "kv set", summary: "put a value under a key", operands: ["KEY", "VALUE"],
            options: [
                KeyValueCommand.raw,
                .flag("if-absent", nil, "only if there is no value yet"),
                KeyValueCommand.ifVersion,
                .value(
                    "if-lock", nil, "NAME:TOKEN", "only if the lock is still held with the token"),
                OperationOption.syntax,
            ],
            details: """
                VALUE is JSON of at most 64 KiB; a lone - reads it from standard input. With
                --json the new version is printed. Status 1: a condition does not hold; 76: the
                lock is no longer held with the token.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let key = try arguments.requiredText(operand: 0, "KEY")
        let condition = try KeyValueCommand.condition(arguments)
        let value = try KeyValueCommand.json(
            try given(arguments.operands[1], context), isText: arguments.has("raw"), key)
        let version = try context.coordinator().values(arguments).set(
            value, forKey: key, if: condition)
        if context.settings.isJSON {
            var writer = JSONWriter()
            KeyValue(key: key, json: value, version: version).write(to: &writer)
            context.output.print(json: writer)
        } else {
            context.output.detail(key + " is at version " + String(version))
        }
        return .success
    }

    /// The bytes of the value: the word itself, or standard input without the
    /// line feed at its end.
    private static func given(
        _ word: Argument, _ context: CommandContext
    ) throws(CoordinatorError) -> [UInt8] {
        if word.bytes != [UInt8(ascii: "-")] { return word.bytes }
        do throws(SystemError) {
            return KeyValueCommand.withoutLastLineFeed(
                try context.streams.readAll(atMost: KeyValueCommand.longestInput))
        } catch {
            throw .system("cannot read standard input", error)
        }
    }
}

/// `berth kv delete KEY`
enum KeyValueDelete: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "kv delete", summary: "remove the value under a key", operands: ["KEY"],
            options: [KeyValueCommand.ifVersion, OperationOption.syntax],
            details: "Status 66: there is none. Status 1: a condition does not hold.")
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let key = try arguments.requiredText(operand: 0, "KEY")
        let condition = try KeyValueCommand.condition(arguments)
        try context.coordinator().values(arguments).delete(key, if: condition)
        return .success
    }
}

/// `berth kv list [PREFIX]`
enum KeyValueList: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "kv list", summary: "list keys, versions and values", operands: ["[PREFIX]"],
            details: "PREFIX: only keys that begin with it.")
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let prefix = try arguments.text(operand: 0, "PREFIX") ?? ""
        let values = try context.coordinator().values.list(prefix: prefix)
        if context.settings.isJSON {
            var writer = JSONWriter()
            writer.beginArray()
            for value in values { value.write(to: &writer) }
            writer.endArray()
            context.output.print(json: writer)
            return .success
        }
        if values.isEmpty {
            context.output.note("there are no values")
            return .success
        }
        var table = Table([
            Table.Column(title: "KEY"), Table.Column(title: "VERSION", isRightAligned: true),
            Table.Column(title: "VALUE", canShrink: true),
        ])
        for value in values {
            table.add([
                value.key, String(value.version), String(decoding: value.json, as: UTF8.self),
            ])
        }
        context.output.print(table)
        return .success
    }
}
