// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth work QUEUE…`
enum WorkCommand: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "work", summary: "do the jobs of queues, as they come",
            operands: ["QUEUE…"], tail: .afterDashes,
            options: [
                .value("jobs", "j", "N", "do so many at once; default: 1"),
                .flag("until-empty", nil, "end when no job is left, now or later"),
                .value("instances", nil, "N", "status 75 where N workers serve a queue already"),
                .value("grace", nil, "TIME", "at a signal, let jobs go on so long; default: 30s"),
                .value("kill-grace", nil, "TIME", "from TERM to KILL; default: 5s"),
                .value("snooze", nil, "TIME", "for a job that ends with 75; default: 1m"),
            ],
            details: """
                COMMAND does the jobs that are no commands themselves: it gets the payload on
                standard input, and BERTH_JOB_ID, _TOKEN, _QUEUE, _KIND, _KEY, _ATTEMPT and
                _MAX_ATTEMPTS. Status 0 completes a job, 75 puts it off, others fail. INT, TERM
                or HUP: claim no more; a second time: end what runs, and hand it back. Status
                126, 127: COMMAND cannot be run.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        var options = CommandWorker.Options(
            queues: try arguments.texts(operandsFrom: 0, "QUEUE"))
        options.concurrency = try arguments.integer("jobs", in: 1...1000) ?? 1
        options.isUntilEmpty = arguments.has("until-empty")
        options.instances = try arguments.integer("instances", in: 1...1000)
        options.grace = try arguments.duration("grace") ?? .seconds(30)
        options.killGrace = try arguments.duration("kill-grace") ?? .seconds(5)
        let handler = arguments.tail.isEmpty ? nil : arguments.tail.map(\.bytes)
        options.executor = CommandExecutor(
            handler: handler, snooze: try arguments.duration("snooze") ?? .seconds(60))
        if let name = handler?.first, let obstacle = ChildProcess.obstacle(to: name) {
            // Once for all: each job would lose an attempt to it.
            context.output.fail(
                "cannot run " + Argument(bytes: name).quoted + ": " + obstacle.description)
            return ExitStatus(rawValue: obstacle == .noEntry ? 127 : 126)
        }
        let signals: FileDescriptor
        do throws(SystemError) {
            signals = try Signals.catchEndings()
        } catch {
            throw CoordinatorError.system("cannot catch signals", error)
        }
        let line = WorkLine(context)
        let worker = try CommandWorker(
            try context.coordinator(), options, signals: signals, onChange: line.show)
        defer { line.end() }
        let totals = try worker.run()
        line.end()
        context.output.note(
            String(totals.completed) + " done, " + String(totals.failed) + " failed")
        return .success
    }
}
