// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth job add QUEUE -- COMMAND…` and `berth job add QUEUE --payload JSON`
enum JobAdd: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "job add", summary: "add a job to a queue, and print its number",
            operands: ["QUEUE"], tail: .optional,
            options: [
                .value("payload", nil, "JSON", "the job is this, for a handler; - reads it"),
                .value("kind", nil, "KIND", "the kind of the payload; default: job"),
                .value("priority", nil, "N", "0 to 99, the smaller first; default: 0"),
                .value("delay", nil, "TIME", "not before this time has passed"),
                .value("attempts", nil, "N", "try so often; default: 1, or 20 for a payload"),
                .value("backoff", nil, "TIME", "the first delay between attempts; it doubles"),
                .value("backoff-cap", nil, "TIME", "the longest delay; default: 1d"),
                .value("timeout", nil, "TIME", "how long an attempt may take"),
                .value("key", nil, "KEY", "only one job with this key is to be done"),
                .value("on-conflict", nil, "HOW", "then: skip, replace or keep-time"),
                .value("unique", nil, "S[,S…]", "the states in which the key counts"),
                .value("group", nil, "NAME", "of one group only so many run at once"),
                .value("tag", nil, "TAG", "a word to find it by", isRepeatable: true),
                .value("metadata", nil, "JSON", "facts for your own use"),
                .value(
                    "after", nil, "ID[:HOW]", "wait for a job's success, failure or any end",
                    isRepeatable: true),
                .value("env", nil, "NAME", "keep this variable for COMMAND", isRepeatable: true),
                .value("directory", nil, "DIR", "where COMMAND runs; default: here"),
                .flag("start", nil, "start a worker even where one is present"),
                DetachedWorker.refusal,
            ],
            details: """
                COMMAND runs later, in the present directory; what it writes is kept: berth job
                log ID. Where no worker serves the queue, one is started that ends when nothing
                is left. With a --key that is taken, the job that has it is printed.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        try check(arguments)
        let coordinator = try context.coordinator()
        let request = try request(arguments, context)
        let (job, workers) = try coordinator.jobs.enqueueCountingWorkers(request)
        if context.settings.isJSON {
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("id", job.id.rawValue)
            writer.member("outcome", job.outcome.rawValue)
            writer.endObject()
            context.output.print(json: writer)
        } else {
            context.output.print(job.id.description)
        }
        let isWanted = request.kind == JobCommand.kind && !arguments.has("no-start")
        if isWanted && (workers == 0 || arguments.has("start")) {
            try DetachedWorker.start(
                for: request.queue, of: coordinator, isSingle: !arguments.has("start"))
        }
        return .success
    }

    private static func check(_ arguments: ArgumentReader) throws(UsageError) {
        if arguments.has("payload") {
            if !arguments.tail.isEmpty {
                throw arguments.failure("--payload takes no command to run")
            }
            for option in ["env", "directory", "start"] where arguments.has(option) {
                throw arguments.failure("--" + option + " is for a command")
            }
        } else {
            if arguments.tail.isEmpty {
                throw arguments.failure("the command to run, or --payload, is missing")
            }
            if arguments.has("kind") { throw arguments.failure("--kind is for a --payload") }
        }
        if arguments.has("start") && arguments.has("no-start") {
            throw arguments.failure("--start and --no-start exclude each other")
        }
        for option in ["on-conflict", "unique"] where arguments.has(option) {
            if !arguments.has("key") { throw arguments.failure("--" + option + " needs --key") }
        }
    }

    private static func request(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> JobRequest {
        let queue = try arguments.requiredText(operand: 0, "QUEUE")
        var request: JobRequest
        if let payload = arguments.value("payload") {
            let json = try JobOptions.json(
                payload, limit: KeyValueCommand.longestInput, context)
            let kind = try arguments.text("kind") ?? JobRequest.defaultKind
            request = JobRequest(queue: queue, payload: json, kind: kind)
        } else {
            let command = try command(arguments, context)
            request = JobRequest(queue: queue, payload: command.json, kind: JobCommand.kind)
            request.maximumAttempts = 1
        }
        request.priority = try arguments.integer("priority", in: JobRule.priorities) ?? 0
        if let attempts = try arguments.integer("attempts", in: JobRule.attempts) {
            request.maximumAttempts = attempts
        }
        request.delay = try arguments.duration("delay")
        request.timeout = try arguments.duration("timeout")
        let cap = try arguments.duration("backoff-cap") ?? JobBackoff.defaultCap
        let first = try arguments.duration("backoff")
        request.backoff = first.map { .doubling(from: $0, cap: cap) } ?? .standard(cap: cap)
        request.key = try arguments.text("key")
        request.conflict = try conflict(arguments)
        if let states = try arguments.text("unique") {
            request.uniqueStates = try JobOptions.states(states, of: "unique", arguments)
        }
        request.group = try arguments.text("group")
        request.tags = try arguments.texts("tag")
        request.metadata = arguments.value("metadata")?.bytes
        for text in try arguments.texts("after") {
            request.after.append(try dependency(text, arguments))
        }
        return request
    }

    private static func conflict(
        _ arguments: ArgumentReader
    ) throws(UsageError) -> JobRequest.Conflict {
        switch try arguments.text("on-conflict") {
        case "skip", nil: return .skip
        case "replace": return .replace
        case "keep-time": return .keepRunAt
        case let other?:
            throw arguments.failure(
                "--on-conflict: " + Argument(other).quoted
                    + " is none of skip, replace and keep-time")
        }
    }

    private static func dependency(
        _ text: String, _ arguments: ArgumentReader
    ) throws(UsageError) -> JobDependency {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let id = try JobOptions.id(String(parts[0]), arguments)
        guard parts.count == 2 else { return .success(of: id) }
        switch parts[1] {
        case "success": return .success(of: id)
        case "failure": return .failure(of: id)
        case "any": return .end(of: id)
        default:
            throw arguments.failure(
                "--after: " + Argument(String(parts[1])).quoted
                    + " is none of success, failure and any")
        }
    }

    private static func command(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> JobCommand {
        let directory = try AbsolutePath.directory(try arguments.text("directory"))
        var variables: [(name: String, value: String)] = []
        for name in try arguments.texts("env") {
            if name.isEmpty || name.utf8.contains(UInt8(ascii: "=")) {
                throw arguments.failure(
                    "--env: " + Argument(name).quoted + " is no name of a variable")
            }
            guard let bytes = context.environment.bytes(name) else { continue }
            guard let value = String(validating: bytes, as: UTF8.self) else {
                throw arguments.failure("--env: the value of " + name + " is not valid UTF-8")
            }
            variables.append((name, value))
        }
        return JobCommand(try arguments.tailTexts(), in: directory, variables: variables)
    }
}
