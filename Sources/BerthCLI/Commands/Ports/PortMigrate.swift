// SPDX-License-Identifier: Apache-2.0

import Berth

/// `berth port migrate`
enum PortMigrate: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "port migrate", summary: "give the ports of one directory to another",
            options: [
                .value("from", nil, "DIR", "the directory that has them"),
                .value("to", nil, "DIR", "the directory that is to have them"),
                .flag("recursive", nil, "those of the directories below it too"),
                .flag("force", nil, "end reservations that stand in the way"),
                PortOptions.dryRun,
            ],
            details: "All or none. Status 1: another reservation is in the way; 66: there is none.")
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        guard let source = try arguments.text("from") else {
            throw arguments.failure("--from is missing")
        }
        guard let target = try arguments.text("to") else {
            throw arguments.failure("--to is missing")
        }
        let context = try PortContext(arguments, context)
        let migration = try PortMigration(
            from: source, to: target, recursively: arguments.has("recursive"),
            replacing: arguments.has("force"))
        context.printPlan(try context.perform(.migrate(migration)))
        return .success
    }
}
