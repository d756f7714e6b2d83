// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

private let portBounds = 1...65_535

/// The directory and the tag that own a port.
private var ownerOptions: [OptionSyntax] {
    [
        .value("path", "p", "DIR", "the directory that the port is for; default: the current one"),
        .value("tag", "t", "TAG", "tells several ports of one directory apart"),
    ]
}

/// `berth port reserve`
enum PortReserve: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "port reserve", summary: "reserve a port for a directory, and print it",
            options: ownerOptions + [
                .value("port", nil, "PORT", "take this port if it is free"),
                .flag("exact", nil, "take no other than --port"),
                .value("min", nil, "PORT", "the lowest port to look at; default: 5000"),
                .value("max", nil, "PORT", "the highest port to look at; default: 7000"),
                OperationOption.syntax,
            ],
            details: """
                The same directory and tag are given the same port each time, until it is
                released. A port that a program of this machine uses is passed over. Status 1:
                no port is free.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let reservation = try context.coordinator().ports(arguments).reserve(try request(arguments))
        if context.settings.isJSON {
            context.output.print(bytes: reservation.json)
        } else {
            context.output.print(String(reservation.port))
        }
        return .success
    }

    private static func request(_ arguments: ArgumentReader) throws -> PortRequest {
        let preference = try arguments.integer("port", in: portBounds)
        let isExact = arguments.has("exact")
        if isExact && preference == nil { throw arguments.failure("--exact needs --port") }
        return try PortRequest(
            for: try arguments.text("path"), tag: try arguments.text("tag"),
            preferring: preference, exactly: isExact, in: try range(arguments))
    }

    /// One end that is given takes the other with it where the default lies on
    /// its wrong side.
    private static func range(_ arguments: ArgumentReader) throws(UsageError) -> ClosedRange<Int> {
        let usual = PortRequest.defaultRange
        let lowest = try arguments.integer("min", in: portBounds)
        let highest = try arguments.integer("max", in: portBounds)
        switch (lowest, highest) {
        case (nil, nil):
            return usual
        case (let lowest?, nil):
            return lowest...(lowest <= usual.upperBound ? usual.upperBound : 65_535)
        case (nil, let highest?):
            return (highest >= usual.lowerBound ? usual.lowerBound : 1)...highest
        case (let lowest?, let highest?):
            if lowest > highest {
                throw arguments.failure(
                    "--min " + String(lowest) + " is above --max " + String(highest))
            }
            return lowest...highest
        }
    }
}

/// `berth port release`
enum PortRelease: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "port release", summary: "give back the port of a directory",
            options: ownerOptions + [OperationOption.syntax])
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let reservation = try context.coordinator().ports(arguments).release(
            for: try arguments.text("path"), tag: try arguments.text("tag"))
        if context.settings.isJSON {
            context.output.print(bytes: reservation.json)
        } else {
            context.output.note("released port " + String(reservation.port))
        }
        return .success
    }
}

/// `berth port list`
enum PortList: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(name: "port list", summary: "list the reserved ports")
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let reservations = try context.coordinator().ports.list()
        if context.settings.isJSON {
            var writer = JSONWriter()
            writer.beginArray()
            for reservation in reservations { writer.value(json: reservation.json) }
            writer.endArray()
            context.output.print(json: writer)
            return .success
        }
        if reservations.isEmpty {
            context.output.note("no port is reserved")
            return .success
        }
        var table = Table([
            Table.Column(title: "PORT", isRightAligned: true), Table.Column(title: "TAG"),
            Table.Column(title: "USED"), Table.Column(title: "PATH", canShrink: true),
        ])
        for reservation in reservations {
            table.add([
                String(reservation.port), reservation.tag ?? "-",
                ElapsedText.since(reservation.used), reservation.path,
            ])
        }
        context.output.print(table)
        return .success
    }
}
