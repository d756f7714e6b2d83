// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// One thing that the `berth` command does: a thin layer that reads its
/// options, makes one call of the library, and prints the answer.
protocol Command {
    /// What may stand on its command line.
    static var syntax: CommandSyntax { get }

    /// Does it. The answer goes to the context's output; an error that is
    /// thrown becomes a message and a status.
    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus
}

/// What a command works with.
struct CommandContext {
    let settings: Settings
    let environment: Environment
    let streams: Streams
    let output: Output
}

/// The commands of `berth`, by name.
enum CommandTable {
    /// Every command, in the order of the help.
    static var all: [any Command.Type] {
        [HelpCommand.self, CompletionsCommand.self]
    }

    /// The command that goes by a name; nil where there is none, or where the
    /// name is that of a group.
    ///
    /// A switch, because a dictionary would cost each start more than the
    /// lookup it saves.
    static func command(_ name: String, _ member: String? = nil) -> (any Command.Type)? {
        switch (name, member) {
        case ("help", nil): HelpCommand.self
        case ("completions", nil): CompletionsCommand.self
        default: nil
        }
    }

    /// Whether a name is that of a group, whose commands have a second name.
    static func isGroup(_ name: String) -> Bool {
        switch name {
        case "kv", "port", "store": true
        default: false
        }
    }
}
