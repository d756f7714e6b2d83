// SPDX-License-Identifier: Apache-2.0

import Berth

/// `berth store init`
enum StoreInit: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "store init", summary: "make the store, and say how durable it is",
            options: [
                .value("durability", nil, "MODE", "full (default), strict or process"),
                .value("shared", nil, "GROUP", "let all members of a group use it"),
            ],
            details: """
                A store makes itself at its first change; this is for one that is not to have
                the default. strict: what is done survives a power loss. process: it survives
                the death of any process; after a power loss the store may be an older one.
                A shared store is used by who names it, for example by BERTH_STORE; all of
                GROUP can change it, so they have to trust each other.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let coordinator = try context.coordinator(durability: try durability(arguments))
        if let group = try arguments.text("shared") {
            try coordinator.create(sharedWith: group)
        } else {
            try coordinator.create()
        }
        context.output.print(coordinator.path)
        return .success
    }

    private static func durability(
        _ arguments: ArgumentReader
    ) throws(UsageError) -> Coordinator.Durability {
        switch try arguments.text("durability") {
        case "full", nil: return .full
        case "strict": return .strict
        case "process": return .process
        case let other?:
            throw arguments.failure(
                "--durability: " + Argument(other).quoted + " is none of full, strict and process")
        }
    }
}
