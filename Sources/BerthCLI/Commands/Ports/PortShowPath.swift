// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth port show-path`
enum PortShowPath: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "port show-path", summary: "print the directory that a port would be for",
            options: [
                PortOptions.path, .flag("canonicalize", nil, "follow links: it must be there"),
            ])
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let context = try PortContext(arguments, context)
        var path = try AbsolutePath.directory(try context.namedPath())
        if arguments.has("canonicalize") { path = try AbsolutePath.resolved(path) }
        if context.isJSON {
            var writer = JSONWriter()
            writer.value(path)
            context.output.print(json: writer)
        } else {
            context.output.print(bytes: Array(path.utf8))
        }
        return .success
    }
}
