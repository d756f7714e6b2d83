// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// The `berth` command.
public enum CommandLineTool {
    /// The version of the command and the library.
    static var version: String { "0.1.0" }

    /// Runs the command of this process and ends the process with its status.
    public static func main() {
        CurrentProcess.openClosedStreams()
        CurrentProcess.ignoreWriteSignals()
        let status = run(
            arguments: CurrentProcess.arguments, environment: .process, streams: .standard)
        CurrentProcess.end(status: status)
    }

    /// Runs one command line, its own name left out, and returns its status.
    static func run(
        arguments: [[UInt8]], environment: Environment, streams: Streams
    ) -> Int32 {
        var output = Output(streams, Settings())
        do {
            var reader = ArgumentReader(arguments.map { Argument(bytes: $0) })
            let (command, group) = try command(&reader)
            try reader.read(command.syntax)
            let settings = try Settings(reader, environment)
            output = Output(streams, settings)
            let context = CommandContext(
                settings: settings, environment: environment, streams: streams, output: output)
            let status: ExitStatus
            if reader.has("help") {
                status = HelpCommand.explain(command.syntax, of: group, context)
            } else if reader.has("version") {
                status = HelpCommand.tellVersion(context)
            } else {
                status = try command.run(reader, context)
            }
            return finish(status, output).rawValue
        } catch {
            return report(error, output).rawValue
        }
    }

    /// The command that the first words name, and the group it is of. Where
    /// they name none, but ask for help, it is that.
    private static func command(
        _ reader: inout ArgumentReader
    ) throws(UsageError) -> (any Command.Type, group: String?) {
        guard let name = try reader.name() else {
            if reader.has("help") || reader.has("version") {
                return (HelpCommand.self, nil)
            }
            throw reader.failure("the command is missing")
        }
        if let command = CommandTable.command(name) { return (command, nil) }
        guard CommandTable.isGroup(name) else {
            throw reader.failure("there is no command " + Argument(name).quoted)
        }
        guard let member = try reader.name() else {
            if reader.has("help") { return (HelpCommand.self, name) }
            throw UsageError("the command after " + name + " is missing", command: name)
        }
        if let command = CommandTable.command(name, member) { return (command, name) }
        throw UsageError(
            "there is no command " + Argument(name + " " + member).quoted, command: name)
    }

    /// Prints the answer of a command that is done.
    private static func finish(_ status: ExitStatus, _ output: Output) -> ExitStatus {
        do {
            try output.flush()
            return status
        } catch {
            if error.errno != .brokenPipe {
                output.fail("done, but the answer cannot be printed: " + error.errno.description)
            }
            return .notPrinted
        }
    }

    /// Says in one line why a command failed.
    private static func report(_ error: any Error, _ output: Output) -> ExitStatus {
        switch CoordinatorError.converted(error) {
        case let error as UsageError:
            output.fail(error.line)
            return .usage
        case let error as CoordinatorError:
            output.fail(error.message)
            if let cause = error.cause { output.detail("the system call beneath was " + cause) }
            return ExitStatus(error.code)
        default:
            output.fail("an error that should not be: \(error); please report it")
            return .internalError
        }
    }
}
