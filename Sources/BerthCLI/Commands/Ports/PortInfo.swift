// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth port info PORT`
enum PortInfo: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "port info", summary: "say whom a port is reserved for, and who uses it",
            operands: ["PORT"],
            options: [
                .flag("include-occupancy", nil, "say which program uses it"),
                PortOptions.skipOccupancy,
            ] + PortOptions.probes)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let port = try arguments.port(operand: 0)
        if !arguments.has("include-occupancy") {
            let probes = [PortOptions.skipOccupancy] + PortOptions.probes
            if let stray = probes.first(where: { arguments.has($0.name) }) {
                throw arguments.failure("--" + stray.name + " needs --include-occupancy")
            }
        }
        let context = try PortContext(arguments, context)
        let ports = try context.ports()
        let reservation = try ports.reservation(ofPort: port)
        let checks = context.configuration.checks
        let uses =
            arguments.has("include-occupancy")
            ? try ports.uses(in: port...port, checking: checks) : nil
        if context.isJSON {
            printJSON(port, reservation, uses, context.output)
        } else {
            printText(port, reservation, context.output)
            if let uses {
                if uses.isEmpty {
                    context.output.print(
                        checks.isChecked ? "in use: no" : "in use: it was not looked")
                } else {
                    PortUseTable.print(uses, context.output)
                }
            }
        }
        return .success
    }

    private static func printJSON(
        _ port: Int, _ reservation: PortReservation?, _ uses: [PortUse]?, _ output: Output
    ) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("port", port)
        writer.member("reserved", reservation != nil)
        if let reservation {
            writer.member("reservation", json: reservation.json)
            writer.member("lost", reservation.isLost)
        }
        if let uses {
            writer.member("uses")
            writer.beginArray()
            for use in uses { use.write(to: &writer) }
            writer.endArray()
        }
        writer.endObject()
        output.print(json: writer)
    }

    private static func printText(
        _ port: Int, _ reservation: PortReservation?, _ output: Output
    ) {
        guard let reservation else {
            return output.print("port " + String(port) + " is not reserved")
        }
        func line(_ name: String, _ value: String?) {
            if let value { output.print(name + ": " + TerminalText.escaped(value)) }
        }
        line("port", String(port))
        line("path", reservation.path)
        line("directory", reservation.isLost ? "is gone" : nil)
        line("tag", reservation.tag)
        line("project", reservation.project)
        line("task", reservation.task)
        line("created", TimestampText.text(reservation.created))
        line("last used", TimestampText.text(reservation.used))
        line("until process", reservation.process.map { String($0) + " ends" })
        line("limited", reservation.isLeased ? "yes" : nil)
    }
}
