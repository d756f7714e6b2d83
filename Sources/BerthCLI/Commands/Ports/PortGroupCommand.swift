// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// What the two commands on groups share.
struct PortGroupCommand {
    /// How the ports are printed.
    private enum Format: String {
        case export, json, dotenv, human
    }

    private let format: Format
    private let shell: PortExport.Shell

    /// Reads what does not depend on a file, before one is looked for.
    init(_ arguments: ArgumentReader, _ context: CommandContext) throws {
        format = try Self.format(arguments, context)
        shell = try Self.shell(arguments, context)
        _ = try arguments.label("task")
    }

    static var options: [OptionSyntax] {
        [
            .value("format", nil, "FORMAT", "export, json, dotenv or human; default: export"),
            .value("shell", nil, "SHELL", "bash, zsh, fish or powershell; default: yours"),
            .value("task", nil, "NAME", "what is worked on"),
            .flag("force", nil, "replace ports that do not fit, and --allow-… together"),
        ] + PortOptions.permissions + [PortOptions.dryRun, PortOptions.skipOccupancy]
            + PortOptions.probes
    }

    static var details: String {
        """
        The file says: {"reservations":{"services":{"web":{"offset":0,"preferred":8080,
        "env":"WEB_PORT"}}}}. All services get their ports, or none; the same ones each
        time. The answer is for eval: eval "$(berth port autoreserve)". Status 1: the
        ports do not fit; 78: the file is wrong, or one that is named is not there.
        """
    }

    /// Reserves the ports of a directory's group, and prints them.
    func run(_ context: PortContext, for directory: String) throws -> ExitStatus {
        let arguments = context.arguments
        if context.configuration.allowsUnrelatedPath != true {
            try AbsolutePath.check(directory, isRelatedTo: context.directory)
        }
        var request = try PortGroupRequest(context.configuration, for: directory)
        request.project = try context.project()
        request.task = try context.task()
        request.replaces = arguments.has("force")
        let plan = try context.perform(.reserve(request))
        if arguments.has("dry-run") {
            context.printPlan(plan)
        } else {
            print(plan, request.group, context.output)
        }
        return .success
    }

    private static func format(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws(UsageError) -> Format {
        guard let name = try arguments.text("format") else {
            return context.settings.isJSON ? .json : .export
        }
        guard let format = Format(rawValue: name) else {
            throw arguments.failure(
                "--format: " + Argument(name).quoted + " is none of export, json, dotenv and human")
        }
        return format
    }

    private static func shell(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws(UsageError) -> PortExport.Shell {
        guard let name = try arguments.text("shell") else {
            let parent = ProcessTable.observeSelf()?.parent
            return .detected(
                parent: parent.map { ProcessTable.command(of: $0) } ?? "",
                variable: context.environment.bytes)
        }
        guard !name.utf8.contains(UInt8(ascii: "/")), let shell = PortExport.Shell(program: name)
        else {
            throw arguments.failure(
                "--shell: " + Argument(name).quoted + " is none of bash, zsh, fish and powershell")
        }
        return shell
    }

    private func print(_ plan: PortPlan, _ group: PortGroup, _ output: Output) {
        var ports: [(service: PortGroup.Service, port: Int)] = []
        for service in group.services {
            let reservation = plan.reservations.first { $0.tag == service.tag }
            if let reservation { ports.append((service, reservation.port)) }
        }
        switch format {
        case .export:
            for line in PortExport.lines(ports, for: shell) { output.print(line) }
        case .dotenv:
            for line in PortExport.dotenv(ports) { output.print(line) }
        case .json:
            output.print(bytes: PortExport.json(ports))
        case .human:
            var table = Table([
                Table.Column(title: "SERVICE", canShrink: true),
                Table.Column(title: "PORT", isRightAligned: true),
                Table.Column(title: "VARIABLE"),
            ])
            for (service, port) in ports {
                table.add([service.tag, String(port), service.variable])
            }
            output.print(table)
        }
    }
}

/// `berth port reserve-group FILE`
enum PortReserveGroup: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "port reserve-group", summary: "reserve the ports of the services of a file",
            operands: ["FILE"], options: PortGroupCommand.options,
            details: PortGroupCommand.details)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let command = try PortGroupCommand(arguments, context)
        let file = try AbsolutePath.file(try arguments.requiredText(operand: 0, "FILE"))
        let context = try PortContext(arguments, context, projectFile: file)
        // By whatever way the file is reached, its directory is one.
        let directory = try AbsolutePath.resolved(AbsolutePath.parent(file) ?? "/")
        return try command.run(context, for: directory)
    }
}

/// `berth port autoreserve`
enum PortAutoreserve: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "port autoreserve",
            summary: "reserve the ports of the services of the project's file",
            options: PortGroupCommand.options,
            details: """
                The file is the nearest berth.json or berth.local.json upwards. Status 66:
                there is none.

                """ + PortGroupCommand.details)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let command = try PortGroupCommand(arguments, context)
        let context = try PortContext(arguments, context)
        guard let directory = context.files.project else {
            throw CoordinatorError(
                .notFound,
                "there is no berth.json in " + context.directory + " and above it")
        }
        return try command.run(context, for: directory)
    }
}
