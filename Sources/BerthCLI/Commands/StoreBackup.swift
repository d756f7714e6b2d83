// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth store backup TO`
enum StoreBackup: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "store backup", summary: "copy the store, while it is in use",
            operands: ["TO"],
            details: """
                TO is a path where nothing is yet, on a local disk. The copy is a store of its
                own, with the records and versions of one moment, and without locks. It appears
                whole or not at all. Status 73: there is something at TO.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let path = try arguments.requiredText(operand: 0, "TO")
        let progress = ProgressLine("copying to " + path, context)
        defer { progress.end() }
        let version = try context.coordinator().backUp(to: path, progress: progress.report)
        if context.settings.isJSON {
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("path", path)
            writer.member("version", version)
            writer.endObject()
            context.output.print(json: writer)
        } else {
            context.output.print(path)
        }
        return .success
    }
}
