// SPDX-License-Identifier: Apache-2.0

import Berth

/// `berth port release`
enum PortRelease: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "port release", summary: "give back the ports of a directory",
            options: [
                PortOptions.path,
                .value("tag", "t", "TAG", "only the port with this tag"),
                .flag("untagged-only", nil, "only the port without a tag"),
                .flag("recursive", nil, "those of the directories below it too"),
                .flag("force", nil, "the same as --allow-unrelated-path"),
                PortOptions.unrelated, PortOptions.dryRun, OperationOption.syntax,
            ],
            details: """
                Without --tag and --untagged-only those of every tag are given back, all or
                none. Status 66: there is none.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let tag = try arguments.text("tag")
        if tag != nil && arguments.has("untagged-only") {
            throw arguments.failure("--tag and --untagged-only exclude each other")
        }
        let isOne = tag != nil || arguments.has("untagged-only")
        let context = try PortContext(arguments, context)
        let selection = try PortSelection(
            of: try context.path(), tags: isOne ? .exactly(tag) : .all,
            recursively: arguments.has("recursive"))
        context.printPlan(try context.perform(.release(selection)))
        return .success
    }
}
