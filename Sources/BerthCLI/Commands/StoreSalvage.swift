// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth store salvage TO`
enum StoreSalvage: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "store salvage", summary: "make a new store of what is valid in a damaged one",
            operands: ["TO"],
            details: """
                TO is a path where nothing is yet. The damaged store is only read. Each line
                that is dropped is named by file and byte on standard error. A record whose
                newest line is lost comes back as it was before, a deletion that is lost is
                undone. Status 73: there is something at TO.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let path = try arguments.requiredText(operand: 0, "TO")
        let progress = ProgressLine("salvaging to " + path, context)
        defer { progress.end() }
        let report = try context.coordinator().salvage(to: path, progress: progress.report)
        progress.end()
        for damage in report.dropped.first { context.output.note("dropped " + damage.description) }
        let more = report.dropped.count - report.dropped.first.count
        if more > 0 { context.output.note("and " + String(more) + " more") }
        for note in report.notes { context.output.note(note) }
        if context.settings.isJSON {
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("path", path)
            writer.member("records", report.records)
            writer.member("dropped", report.dropped.count)
            writer.endObject()
            context.output.print(json: writer)
        } else {
            context.output.print(path)
        }
        return .success
    }
}
