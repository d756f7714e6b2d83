// SPDX-License-Identifier: Apache-2.0

import Berth

/// `berth port init`
enum PortInit: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "port init", summary: "make the store, and a file to configure ports with",
            options: [
                .flag("with-config", nil, "make the store's config.json, where there is none"),
                PortOptions.dryRun,
            ],
            details: "Nobody needs to: the first reservation makes the store.")
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let context = try PortContext(arguments, context)
        let coordinator = try context.coordinator()
        let isPlanned = arguments.has("dry-run")
        if try !coordinator.hasStore() {
            if !isPlanned { try coordinator.create() }
            context.tell("make", "made", "the store " + coordinator.path)
        }
        if arguments.has("with-config"),
            try context.files.makeUserFile(planned: isPlanned)
        {
            context.tell("make", "made", context.files.user)
        }
        return .success
    }
}

/// `berth port validate FILE`
enum PortValidate: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "port validate", summary: "say whether a configuration file is right",
            operands: ["FILE"],
            details: "A file called config.json is read as a store's, any other as a project's.\n"
                + "Status 78: it is wrong.")
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let file = try AbsolutePath.file(try arguments.requiredText(operand: 0, "FILE"))
        try PortConfiguration.validate(file)
        context.output.note(file + " is right")
        return .success
    }
}

extension PortContext {
    /// Says what is done, or with `--dry-run` what would be.
    fileprivate func tell(_ verb: String, _ past: String, _ what: String) {
        if arguments.has("dry-run") {
            output.print(TerminalText.escaped("would " + verb + " " + what))
        } else {
            output.note(past + " " + what)
        }
    }
}
