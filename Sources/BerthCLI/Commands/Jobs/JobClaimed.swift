// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth job claim QUEUE`
enum JobTake: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "job claim", summary: "claim jobs, and print number, token and payload",
            operands: ["QUEUE"],
            options: [
                .value("limit", "n", "N", "claim so many at most; default: 1"),
                .value("kind", nil, "KIND", "only jobs of this kind", isRepeatable: true),
                .value("for-pid", nil, "PID", "the process that does them, such as $$"),
                .value("lease", nil, "TIME", "how long the claim lasts; default: 15m, or for-pid"),
                JobOptions.wait,
            ],
            details: """
                A job for a process is free again when that dies; one with a lease when that
                ends: berth job extend. Then berth job done, fail, snooze or release with the
                token. Status 1: there is nothing to claim; 124: nor was there while it waited.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let queue = try arguments.requiredText(operand: 0, "QUEUE")
        let kinds = try arguments.texts("kind")
        let jobs = try context.jobs
        let patience = try arguments.duration("wait")
        let claimed = try jobs.claim(
            from: queue, limit: try arguments.integer("limit", in: 1...10_000) ?? 1,
            kinds: kinds.isEmpty ? nil : kinds,
            forProcess: try arguments.integer("for-pid", in: 1...Int32.max),
            lease: try arguments.duration("lease"), timeout: patience ?? .zero)
        if claimed.isEmpty {
            context.output.note("there is nothing to claim in the queue " + queue)
            return patience == nil ? .no : .timedOut
        }
        if context.settings.isJSON {
            var writer = JSONWriter()
            writer.beginArray()
            for job in claimed { job.write(to: &writer, payload: try jobs.payload(of: job)) }
            writer.endArray()
            context.output.print(json: writer)
            return .success
        }
        for job in claimed {
            let token = job.claim.map { String($0.token) } ?? ""
            let line = job.id.description + " " + token + " "
            context.output.print(bytes: Array(line.utf8) + (try jobs.payload(of: job) ?? []))
        }
        return .success
    }
}

/// `berth job done ID`
enum JobDone: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "job done", summary: "say that a claimed job is done", operands: ["ID"],
            options: [
                JobOptions.token, .value("output", nil, "JSON", "keep this with it; - reads it"),
            ],
            details: "Status 76: the job is no longer claimed with the token; nothing is changed.")
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let output = try arguments.value("output").map {
            try JobOptions.json($0, limit: KeyValueCommand.longestInput, context)
        }
        return try context.changeClaimed("done", arguments) {
            try $0.completeJob($1, token: $2, output: output)
        }
    }
}

/// `berth job fail ID`
enum JobFail: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "job fail", summary: "say that a claimed job has failed", operands: ["ID"],
            options: [
                JobOptions.token, .value("message", "m", "TEXT", "why"),
                .value("delay", nil, "TIME", "try again after this time"),
                .flag("final", nil, "do not try again"),
            ],
            details: "It is tried again after its backoff, or discarded after its last attempt.")
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let message = try arguments.text("message") ?? "failed"
        let delay = try arguments.duration("delay")
        let isFinal = arguments.has("final")
        return try context.changeClaimed("fail", arguments) {
            try $0.failJob($1, token: $2, message: message, retryAfter: delay, isFinal: isFinal)
        }
    }
}

/// `berth job snooze ID TIME`
enum JobSnooze: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "job snooze", summary: "put a claimed job off; the attempt does not count",
            operands: ["ID", "TIME"], options: [JobOptions.token])
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let delay = try arguments.requiredDuration(operand: 1, "TIME")
        return try context.changeClaimed("snooze", arguments) {
            try $0.snoozeJob($1, token: $2, for: delay)
        }
    }
}

/// `berth job release ID`
enum JobRelease: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "job release", summary: "hand a claimed job back; the attempt does not count",
            operands: ["ID"], options: [JobOptions.token])
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        try context.changeClaimed("release", arguments) { try $0.releaseJob($1, token: $2) }
    }
}

/// `berth job extend ID TIME`
enum JobExtend: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "job extend", summary: "let the claim of a job last so long from now on",
            operands: ["ID", "TIME"], options: [JobOptions.token])
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let lease = try arguments.requiredDuration(operand: 1, "TIME")
        return try context.changeClaimed("extend", arguments) {
            try $0.extendJob($1, token: $2, by: lease)
        }
    }
}

/// `berth job progress ID PERCENT`
enum JobSetProgress: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "job progress", summary: "say how far a claimed job has come",
            operands: ["ID", "PERCENT"],
            options: [JobOptions.token, .value("message", "m", "TEXT", "what it is doing")])
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let text = try arguments.requiredText(operand: 1, "PERCENT")
        guard let percent = Int(decimal: Array(text.utf8)[...]), (0...100).contains(percent) else {
            throw arguments.failure(
                "PERCENT: " + Argument(text).quoted + " is no number from 0 to 100")
        }
        let progress = try JobProgress(
            percent: percent, message: try arguments.text("message"))
        return try context.changeClaimed("progress", arguments) {
            try $0.setProgress(progress, ofJob: $1, token: $2)
        }
    }
}

extension CommandContext {
    /// Does something to the claimed job that the arguments name, by its token.
    fileprivate func changeClaimed(
        _ name: String, _ arguments: ArgumentReader,
        _ body: (inout CoordinatorTransaction, JobID, _ token: UInt64) throws -> Job
    ) throws -> ExitStatus {
        let id = try JobOptions.id(arguments)
        let token = try JobOptions.token(of: id, arguments, self)
        print(try jobs.change(name) { try body(&$0, id, token) })
        return .success
    }
}
