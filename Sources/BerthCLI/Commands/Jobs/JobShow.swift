// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth job show ID`
enum JobShow: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "job show", summary: "print all that is known of a job", operands: ["ID"],
            details: "It is printed as JSON. All times are milliseconds since 1970.")
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let id = try JobOptions.id(arguments)
        let jobs = try context.jobs
        try context.rescue(jobs)
        guard let job = try jobs.job(id) else {
            throw CoordinatorError(.notFound, "there is no job " + id.description)
        }
        var writer = JSONWriter()
        job.write(
            to: &writer, payload: try jobs.payload(of: job), output: try jobs.output(of: id))
        context.output.print(json: writer)
        return .success
    }
}

/// `berth job list [QUEUE]`
enum JobList: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "job list", summary: "list jobs", operands: ["[QUEUE]"],
            options: JobOptions.filters + [
                .value("limit", "n", "N", "only the newest N")
            ])
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let queue = try arguments.text(operand: 0, "QUEUE")
        let filter = try JobOptions.filter(queue: queue, arguments)
        let limit = try arguments.integer("limit", in: 1...1_000_000_000)
        let jobs = try context.jobs
        try context.rescue(jobs)
        let listed = try jobs.list(filter, limit: limit)
        if context.settings.isJSON {
            var writer = JSONWriter()
            writer.beginArray()
            for job in listed { job.write(to: &writer) }
            writer.endArray()
            context.output.print(json: writer)
            return .success
        }
        if listed.isEmpty {
            context.output.note("there are no such jobs")
            return .success
        }
        var table = Table([
            .init(title: "ID", isRightAligned: true), .init(title: "STATE"),
            .init(title: "QUEUE", canShrink: true), .init(title: "TRY", isRightAligned: true),
            .init(title: "FOR", isRightAligned: true), .init(title: "WHAT", canShrink: true),
        ])
        for job in listed {
            table.add([
                job.id.description, job.state.rawValue, job.queue,
                String(job.attempt) + "/" + String(job.maximumAttempts), job.age,
                try what(job, jobs),
            ])
        }
        context.output.print(table)
        return .success
    }

    /// What a job is about, for people: its command, or its key and payload.
    private static func what(_ job: Job, _ jobs: Jobs) throws -> String {
        let payload = try jobs.payload(of: job) ?? []
        var text = job.key.map { $0 + " " } ?? ""
        if job.kind == JobCommand.kind, let command = JobCommand(json: payload) {
            text += command.words.joined(separator: " ")
        } else {
            text += String(decoding: payload.prefix(200), as: UTF8.self)
        }
        if let progress = job.progress, job.state == .running {
            text = String(progress.percent) + " % " + text
        }
        return text
    }
}

/// `berth job queues`
enum JobQueues: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(name: "job queues", summary: "list the queues, and how many jobs they have")
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let queues = try context.jobs.queues()
        if context.settings.isJSON {
            var writer = JSONWriter()
            writer.beginArray()
            for queue in queues { queue.write(to: &writer) }
            writer.endArray()
            context.output.print(json: writer)
            return .success
        }
        if queues.isEmpty {
            context.output.note("there are no queues")
            return .success
        }
        let shown: [JobState] = [
            .available, .scheduled, .retryable, .blocked, .running, .completed, .cancelled,
            .discarded,
        ]
        var table = Table(
            [.init(title: "QUEUE", canShrink: true)]
                + shown.map { .init(title: $0.rawValue.uppercased(), isRightAligned: true) }
                + [.init(title: "")])
        for queue in queues {
            table.add(
                [queue.name] + shown.map { String(queue.count($0)) } + [queue.settings.pause])
        }
        context.output.print(table)
        return .success
    }
}

extension JobQueueSettings {
    /// What of the queue is paused, for people.
    fileprivate var pause: String {
        if isPaused { return "paused" }
        if pausedGroups.isEmpty { return "" }
        return "paused: " + pausedGroups.sorted().joined(separator: ", ")
    }
}

extension JobQueueStatus {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("queue", name)
        writer.member("paused", settings.isPaused)
        if !settings.pausedGroups.isEmpty {
            writer.member("pausedGroups")
            writer.beginArray()
            for group in settings.pausedGroups.sorted() { writer.value(group) }
            writer.endArray()
        }
        if let limit = settings.limit { writer.member("limit", limit) }
        if let limit = settings.limitPerGroup { writer.member("limitPerGroup", limit) }
        for state in JobState.allCases {
            writer.member(named: state.rawValue)
            writer.value(count(state))
        }
        writer.endObject()
    }
}

/// `berth job wait ID…` and `berth job wait --queue Q`
enum JobWait: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "job wait", summary: "wait until jobs have ended, or a queue is empty",
            operands: ["[ID…]"],
            options: [
                .value("queue", nil, "QUEUE", "until none of its jobs waits or runs"),
                .value("state", nil, "S[,S…]", "until the jobs are in one of these states"),
                JobOptions.wait,
            ],
            details: """
                Status 1: a job was discarded or cancelled, with --queue one of the queue in the
                meantime; or one will not come to the state.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let ids = try JobOptions.ids(arguments)
        let queue = try arguments.text("queue")
        let states = try JobOptions.states(arguments)
        let goal: Jobs.Goal
        if let queue {
            if !ids.isEmpty || states != nil {
                throw arguments.failure("--queue goes with neither an ID nor --state")
            }
            goal = .emptyQueue(queue)
        } else {
            if ids.isEmpty { throw arguments.failure("an ID, or --queue, is missing") }
            goal = .jobs(ids, states: states)
        }
        let jobs = try context.jobs.wait(for: goal, timeout: try arguments.duration("wait"))
        if context.settings.isJSON {
            var writer = JSONWriter()
            writer.beginArray()
            for job in jobs { job.write(to: &writer) }
            writer.endArray()
            context.output.print(json: writer)
        }
        guard states == nil else { return .success }
        for job in jobs where job.state != .completed {
            context.output.note("job " + job.id.description + " is " + job.state.rawValue)
        }
        return jobs.allSatisfy { $0.state == .completed } ? .success : .no
    }
}
