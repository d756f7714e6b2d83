// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth port reserve`
enum PortReserve: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "port reserve", summary: "reserve a port for a directory, and print it",
            options: options + [PortOptions.dryRun, OperationOption.syntax],
            details: """
                The same directory and tag are given the same port each time, until it is
                released. A port that a program of this machine uses is passed over. Project
                and task are kept once set; without them a git repository gives their names.
                No option takes a port that another directory or tag has. Status 1: no port
                is free, or a change is not allowed; 75: held for another process; 78: a
                configuration file is wrong.
                """)
    }

    /// The options that say which port, which `port run` has too.
    static var options: [OptionSyntax] {
        PortOptions.owner + [
            .value("port", nil, "PORT", "take this port if it is free"),
            .flag("exact", nil, "take no other than --port"),
        ] + PortOptions.range + [
            .value("project", nil, "NAME", "what the directory belongs to"),
            .flag("clear-project", nil, "of no project"),
            .value("task", nil, "NAME", "what is worked on"),
            .flag("clear-task", nil, "of no task"),
            .value("for-pid", nil, "PID", "until that process ends"),
            .value("ttl", nil, "TIME", "until nobody has asked again for that long"),
            .flag("overwrite", nil, "give a reservation a port anew, by the rules for a new one"),
            .flag("ignore-occupied", nil, "take --port though a program uses it"),
            .flag("ignore-exclusions", nil, "take --port though it is excluded"),
            .flag("force", nil, "--overwrite, --ignore-… and --allow-… together"),
        ] + PortOptions.permissions + [
            .flag(
                "disable-autoprune", nil, "where no port is free, keep those of lost directories"),
            .flag("disable-autoexpire", nil, "where no port is free, keep idle ones"),
            .flag("disable-autoclean", nil, "both"), PortOptions.skipOccupancy,
        ] + PortOptions.probes
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let context = try PortContext(arguments, context)
        let request = try context.request()
        if arguments.has("operation-id") {
            if arguments.has("dry-run") {
                throw arguments.failure("--operation-id and --dry-run exclude each other")
            }
            context.printReservation(try context.coordinator().ports(arguments).reserve(request))
            return .success
        }
        let plan = try context.perform(.reserve(request))
        if arguments.has("dry-run") {
            context.printPlan(plan)
        } else if let reservation = plan.reservations.first {
            context.printReservation(reservation)
        }
        return .success
    }
}

extension PortContext {
    /// The port that the options and the configuration ask for.
    func request() throws -> PortRequest {
        let preference = try arguments.integer("port", in: PortOptions.portBounds)
        if arguments.has("exact") && preference == nil {
            throw arguments.failure("--exact needs --port")
        }
        var request = try PortRequest(
            configuration, for: try path(), tag: try arguments.text("tag"),
            preferring: preference, exactly: arguments.has("exact"))
        request.project = try project()
        request.task = try task()
        let isForced = arguments.has("force")
        request.overwrites = isForced || arguments.has("overwrite")
        request.ignoresOccupied = isForced || arguments.has("ignore-occupied")
        request.ignoresExclusions = isForced || arguments.has("ignore-exclusions")
        request.process = try arguments.integer("for-pid", in: 1...Int32.max)
        request.timeToLive = try arguments.duration("ttl")
        return request
    }

    /// Prints the port, or all of the reservation as JSON.
    func printReservation(_ reservation: PortReservation) {
        if isJSON {
            output.print(bytes: reservation.json)
        } else {
            output.print(String(reservation.port))
        }
    }
}
