// SPDX-License-Identifier: Apache-2.0

import Berth

/// `berth port prune`
enum PortPrune: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "port prune", summary: "give back the ports of directories that are gone",
            options: [PortOptions.dryRun],
            details: """
                A directory is gone where its name leads nowhere; one that cannot be looked at
                is not. Ports whose process or time has ended are given back too.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        try PortContext(arguments, context).clean { _ in PortCleanup(prunes: true, idleDays: nil) }
    }
}

/// `berth port expire`
enum PortExpire: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "port expire", summary: "give back the ports that nobody has asked for",
            options: [PortOptions.days, PortOptions.dryRun])
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        try PortContext(arguments, context).clean { PortCleanup(prunes: false, idleDays: $0) }
    }
}

/// `berth port autoclean`
enum PortAutoclean: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "port autoclean", summary: "prune and expire",
            options: [PortOptions.days, PortOptions.dryRun])
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        try PortContext(arguments, context).clean { PortCleanup(prunes: true, idleDays: $0) }
    }
}

extension PortContext {
    /// Cleans up, by the days that are configured where none are given.
    fileprivate func clean(_ cleanup: (_ days: Int) -> PortCleanup) throws -> ExitStatus {
        let plan = try perform(
            .clean(cleanup(configuration.idleDays ?? PortCleanup.defaultDays)))
        printPlan(plan)
        if !isJSON && !arguments.has("dry-run") && plan.changes.isEmpty {
            output.note("there is nothing to give back")
        }
        return .success
    }
}
