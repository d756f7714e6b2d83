// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth port exclude PORT|RANGE`
enum PortExclude: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "port exclude", summary: "note in a configuration file not to give out ports",
            operands: ["RANGE"],
            options: [
                .flag("global", nil, "in the store's config.json, for every project"),
                .flag("force", nil, "though one of them is reserved"),
            ],
            details: """
                RANGE is a port or 5000..5010. The file is the project's berth.local.json or
                berth.json, else the store's config.json; what else is in it stays as it is.
                Status 1: one of them is reserved.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let text = try arguments.requiredText(operand: 0, "RANGE")
        guard let range = PortRangeText.range(text) else {
            throw arguments.failure(
                "RANGE: " + Argument(text).quoted + " is no port and no range such as 5000..5010")
        }
        let context = try PortContext(arguments, context)
        var ports = PortSet()
        ports.insert(range)
        let exclusions = try context.exclusions(isGlobal: arguments.has("global"))
        let isChanged = try exclusions.exclude(ports, forced: arguments.has("force"))
        context.output.note(
            isChanged
                ? "excluded " + PortRangeText.text(range) + " in " + exclusions.path
                : PortRangeText.text(range) + " is excluded already in " + exclusions.path)
        return .success
    }
}

/// `berth port compact-exclusions FILE`
enum PortCompactExclusions: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "port compact-exclusions",
            summary: "write a file's excluded ports as the fewest ranges",
            operands: ["FILE"], options: [PortOptions.dryRun],
            details: "Comments among the ports themselves are lost; all others stay.")
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let file = try AbsolutePath.file(try arguments.requiredText(operand: 0, "FILE"))
        let context = try PortContext(arguments, context)
        let exclusions = PortExclusions(in: file, try context.coordinator())
        let ranges = try exclusions.compact(planned: arguments.has("dry-run"))
        guard let ranges else {
            context.output.note("the exclusions of " + file + " are compact already")
            return .success
        }
        let list = ranges.map(PortRangeText.text).joined(separator: ", ")
        if arguments.has("dry-run") {
            context.output.print(list)
        } else {
            context.output.note("the exclusions of " + file + " are now " + list)
        }
        return .success
    }
}

extension PortContext {
    /// The exclusions of the file that is to be changed: that of the project
    /// where it has one, else the store's.
    func exclusions(isGlobal: Bool) throws -> PortExclusions {
        let coordinator = try coordinator()
        if !isGlobal, let file = files.projectFile { return PortExclusions(in: file, coordinator) }
        // The store's file lies in the store.
        try coordinator.create()
        return PortExclusions(in: files.user, coordinator)
    }
}
