// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth port list-projects`
enum PortListProjects: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "port list-projects", summary: "list the projects that have reserved ports")
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let context = try PortContext(arguments, context)
        let names = Set(try context.ports().list().compactMap(\.project))
        let projects = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        if context.isJSON {
            var writer = JSONWriter()
            writer.beginArray()
            for project in projects { writer.value(project) }
            writer.endArray()
            context.output.print(json: writer)
        } else {
            for project in projects { context.output.print(TerminalText.escaped(project)) }
        }
        return .success
    }
}
