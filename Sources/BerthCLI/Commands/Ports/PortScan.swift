// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth port scan`
enum PortScan: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "port scan", summary: "list the ports that programs use, and whose they are",
            options: PortOptions.range + [
                .value("format", nil, "FORMAT", "table, json, csv or tsv; default: table"),
                .flag("autoexclude", nil, "exclude those that are not reserved, as port exclude"),
                .flag("autocompact", nil, "and write the exclusions as the fewest ranges"),
            ] + PortOptions.probes)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let wanted = try arguments.listFormat()
        if arguments.has("autocompact") && !arguments.has("autoexclude") {
            throw arguments.failure("--autocompact needs --autoexclude")
        }
        let context = try PortContext(arguments, context)
        let uses = try context.ports().uses(
            in: try context.configuration.range(), checking: context.configuration.checks)
        if arguments.has("autoexclude") { try exclude(uses, context) }
        let format = wanted ?? (context.isJSON ? .json : context.configuration.outputFormat)
        switch format ?? .table {
        case .json: printJSON(uses, context.output)
        case .csv: printValues(uses, separator: ",", context.output)
        case .tsv: printValues(uses, separator: "\t", context.output)
        case .table: PortUseTable.print(uses, context.output)
        }
        return .success
    }

    private static func exclude(_ uses: [PortUse], _ context: PortContext) throws {
        let ports = PortSet(uses.filter { $0.reservation == nil }.map(\.port))
        if ports.isEmpty { return }
        let exclusions = try context.exclusions(isGlobal: false)
        let isCompacted = context.arguments.has("autocompact")
        if try exclusions.exclude(ports, forced: true, compacting: isCompacted) {
            let list = ports.ranges.map(PortRangeText.text).joined(separator: ", ")
            context.output.note("excluded " + list + " in " + exclusions.path)
        }
    }

    private static func printJSON(_ uses: [PortUse], _ output: Output) {
        var writer = JSONWriter()
        writer.beginArray()
        for use in uses { use.write(to: &writer) }
        writer.endArray()
        output.print(json: writer)
    }

    private static func printValues(_ uses: [PortUse], separator: Character, _ output: Output) {
        let header = ["port", "protocol", "family", "process", "command", "user", "reserved"]
        output.print(SeparatedText.line(header, separator))
        for use in uses {
            let fields = [
                String(use.port), use.transport.rawValue, use.family.rawValue,
                use.process.map { String($0) } ?? "", use.command ?? "", use.user ?? "",
                use.reservation == nil ? "no" : "yes",
            ]
            output.print(SeparatedText.line(fields, separator))
        }
    }
}

/// Ports in use, for people.
enum PortUseTable {
    static func print(_ uses: [PortUse], _ output: Output) {
        if uses.isEmpty { return output.note("no port of the range is in use") }
        var table = Table([
            Table.Column(title: "PORT", isRightAligned: true), Table.Column(title: "PROTOCOL"),
            Table.Column(title: "FAMILY"), Table.Column(title: "PROCESS", isRightAligned: true),
            Table.Column(title: "USER", canShrink: true), Table.Column(title: "RESERVED"),
            Table.Column(title: "COMMAND", canShrink: true),
        ])
        for use in uses {
            table.add([
                String(use.port), use.transport.rawValue, use.family.rawValue,
                use.process.map { String($0) } ?? "-", use.user ?? "-",
                use.reservation == nil ? "-" : "yes", use.command ?? "-",
            ])
        }
        output.print(table)
    }
}
