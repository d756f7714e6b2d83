// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth port list`
enum PortList: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "port list", summary: "list the reserved ports",
            options: [
                .value("format", nil, "FORMAT", "table, json, csv or tsv; default: table"),
                .value("filter-project", nil, "NAME", "only those of this project"),
                .value("filter-tag", nil, "TAG", "only those with this tag"),
                .value("filter-path", nil, "DIR", "only those of DIR and below it"),
                .flag("show-full-paths", nil, "do not cut a table to the width of the terminal"),
            ])
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let wanted = try arguments.listFormat()
        let context = try PortContext(arguments, context)
        let filter = try PortFilter(
            project: try arguments.text("filter-project"), tag: try arguments.text("filter-tag"),
            path: try arguments.text("filter-path"))
        let reservations = try context.ports().list().filter(filter.covers)
        let format = wanted ?? (context.isJSON ? .json : context.configuration.outputFormat)
        switch format ?? .table {
        case .json: printJSON(reservations, context.output)
        case .csv: printValues(reservations, separator: ",", context.output)
        case .tsv: printValues(reservations, separator: "\t", context.output)
        case .table:
            printTable(reservations, context.output, isCut: !arguments.has("show-full-paths"))
        }
        return .success
    }

    private static func printJSON(_ reservations: [PortReservation], _ output: Output) {
        var writer = JSONWriter()
        writer.beginArray()
        for reservation in reservations {
            reservation.write(to: &writer) { writer in
                // As the other formats have them, and trop.
                writer.member("created_at", TimestampText.text(reservation.created))
                writer.member("last_used_at", TimestampText.text(reservation.used))
            }
        }
        writer.endArray()
        output.print(json: writer)
    }

    private static func printValues(
        _ reservations: [PortReservation], separator: Character, _ output: Output
    ) {
        let header = ["port", "path", "tag", "project", "task", "created_at", "last_used_at"]
        output.print(SeparatedText.line(header, separator))
        for reservation in reservations {
            let fields = [
                String(reservation.port), reservation.path, reservation.tag ?? "",
                reservation.project ?? "", reservation.task ?? "",
                TimestampText.text(reservation.created), TimestampText.text(reservation.used),
            ]
            output.print(SeparatedText.line(fields, separator))
        }
    }

    private static func printTable(
        _ reservations: [PortReservation], _ output: Output, isCut: Bool
    ) {
        if reservations.isEmpty { return output.note("no port is reserved") }
        var table = Table([
            Table.Column(title: "PORT", isRightAligned: true), Table.Column(title: "TAG"),
            Table.Column(title: "PROJECT", canShrink: true),
            Table.Column(title: "TASK", canShrink: true), Table.Column(title: "USED"),
            Table.Column(title: "PATH", canShrink: true),
        ])
        for reservation in reservations {
            table.add([
                String(reservation.port), reservation.tag ?? "-", reservation.project ?? "-",
                reservation.task ?? "-", ElapsedText.since(reservation.used), reservation.path,
            ])
        }
        output.print(table, isCut: isCut)
    }
}
