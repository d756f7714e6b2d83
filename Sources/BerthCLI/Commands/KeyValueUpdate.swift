// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth kv update KEY -- COMMAND`
enum KeyValueUpdate: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "kv update", summary: "let a command compute the value under a key anew",
            operands: ["KEY"], tail: .required,
            options: [KeyValueCommand.raw, OperationOption.syntax],
            details: """
                The command is given the value on its standard input, nothing where there is
                none, and prints the new one. No other update of the key runs meanwhile. A
                command that fails changes nothing, and its status is ours. Status 1: the value
                was changed meanwhile by other means than an update.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let key = try arguments.requiredText(operand: 0, "KEY")
        var request = LockService.Request(try KeyRule.lock(key))
        request.command = "berth kv update " + key
        request.under = context.outerLocks
        guard let lock = try context.locks().acquire(request) else {
            preconditionFailure("a wait without an end ended without the lock")
        }
        defer { lock.release() }
        lock.describe(granted: true)
        // A command that updates the same key would wait for itself for ever.
        ChildProcess.setVariable(
            HeldLocks.variable, try HeldLocks.entries(context.outerLocks, and: lock))
        return try update(key, arguments, context)
    }

    private static func update(
        _ key: String, _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let isText = arguments.has("raw")
        let values = try context.coordinator().values(arguments)
        if try values.updateBefore(key) != nil {
            // Its lock is held: what is there is of that update, or of a later one.
            if let value = try values.value(forKey: key) { tell(value, context) }
            return .success
        }
        let current = try values.value(forKey: key)
        var input = current.map { KeyValueCommand.printed($0.json, asText: isText) } ?? []
        if current != nil { input.append(UInt8(ascii: "\n")) }
        let filter = try Filter.run(
            arguments.tail, input: input, limit: KeyValueCommand.longestInput, context.output)
        guard filter.status == .success else {
            context.output.note(key + " is unchanged, because the command failed")
            return filter.status
        }
        let value = try KeyValueCommand.json(
            KeyValueCommand.withoutLastLineFeed(filter.output), isText: isText, key)
        // From here on it is done, and nothing that fails may say otherwise.
        tell(try values.finishUpdate(key, from: current, to: value), context)
        return .success
    }

    private static func tell(_ value: KeyValue, _ context: CommandContext) {
        guard context.settings.isJSON else { return }
        var writer = JSONWriter()
        value.write(to: &writer)
        context.output.print(json: writer)
    }
}
