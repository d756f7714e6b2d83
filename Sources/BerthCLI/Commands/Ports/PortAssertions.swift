// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth port assert-port PORT`
enum PortAssertPort: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "port assert-port", summary: "say whether a port is reserved",
            operands: ["PORT"], options: [.flag("not", nil, "the other way round")],
            details: "Status 0: it is; 1: it is not.")
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let port = try arguments.port(operand: 0)
        let isReserved = try context.coordinator().ports.reservation(ofPort: port) != nil
        if isReserved != arguments.has("not") { return .success }
        context.output.note("port " + String(port) + (isReserved ? " is" : " is not") + " reserved")
        return .no
    }
}

/// `berth port assert-reservation`
enum PortAssertReservation: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "port assert-reservation",
            summary: "say whether a directory has a port, and print it",
            options: PortOptions.owner + [.flag("not", nil, "the other way round")],
            details: "Status 0: it has; 1: it has not.")
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let context = try PortContext(arguments, context)
        let path = try context.namedPath() ?? context.directory
        let tag = try arguments.text("tag")
        let reservation = try context.ports().reservation(for: path, tag: tag)
        if let reservation, !arguments.has("not") {
            context.printReservation(reservation)
            return .success
        }
        if (reservation != nil) != arguments.has("not") { return .success }
        let state = reservation.map { " has port " + String($0.port) } ?? " has no port"
        let which = tag.map { " with the tag " + $0 } ?? " without a tag"
        context.output.note(try AbsolutePath.directory(path) + state + which)
        return .no
    }
}

extension ArgumentReader {
    /// A port as an operand.
    func port(operand place: Int) throws(UsageError) -> Int {
        let text = try requiredText(operand: place, "PORT")
        guard let port = Int(decimal: Array(text.utf8)[...]), PortOptions.portBounds.contains(port)
        else {
            throw failure("PORT: " + Argument(text).quoted + " is no number from 1 to 65535")
        }
        return port
    }
}
