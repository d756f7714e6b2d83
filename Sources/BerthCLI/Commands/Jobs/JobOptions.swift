// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// What the commands on jobs share.
enum JobOptions {
    static var token: OptionSyntax {
        .value("token", nil, "N", "that of the claim; default: $BERTH_JOB_TOKEN of this job")
    }

    static var wait: OptionSyntax {
        .value("wait", "w", "TIME", "wait no longer than this: then status 124")
    }

    static var states: OptionSyntax {
        .value("state", nil, "S[,S…]", "only jobs in one of these states")
    }

    static var filters: [OptionSyntax] {
        [
            states, .value("kind", nil, "KIND", "only jobs of this kind"),
            .value("key", nil, "KEY", "only the jobs with this key"),
            .value("group", nil, "NAME", "only jobs of this group"),
            .value("tag", nil, "TAG", "only jobs with this tag"),
        ]
    }

    static func id(_ text: String, _ arguments: ArgumentReader) throws(UsageError) -> JobID {
        guard let number = UInt64(decimal: Array(text.utf8)[...]), number > 0 else {
            throw arguments.failure(Argument(text).quoted + " is no number of a job")
        }
        return JobID(rawValue: number)
    }

    /// The job that the first operand names.
    static func id(_ arguments: ArgumentReader) throws(UsageError) -> JobID {
        try id(try arguments.requiredText(operand: 0, "ID"), arguments)
    }

    static func ids(_ arguments: ArgumentReader) throws(UsageError) -> [JobID] {
        var ids: [JobID] = []
        for text in try arguments.texts(operandsFrom: 0, "ID") {
            ids.append(try id(text, arguments))
        }
        return ids
    }

    /// The token of the claim: the one that is given, or within the job itself
    /// that of its environment.
    static func token(
        of id: JobID, _ arguments: ArgumentReader, _ context: CommandContext
    ) throws(UsageError) -> UInt64 {
        if let token = try arguments.integer("token", in: 1...UInt64(1) << 53) { return token }
        let variables = context.environment
        if let own = variables.bytes("BERTH_JOB_ID"), UInt64(decimal: own[...]) == id.rawValue,
            let token = variables.bytes("BERTH_JOB_TOKEN").flatMap({ UInt64(decimal: $0[...]) })
        {
            return token
        }
        throw arguments.failure("--token is missing")
    }

    static func states(_ arguments: ArgumentReader) throws(UsageError) -> Set<JobState>? {
        guard let text = try arguments.text("state") else { return nil }
        return try states(text, of: "state", arguments)
    }

    static func states(
        _ text: String, of option: String, _ arguments: ArgumentReader
    ) throws(UsageError) -> Set<JobState> {
        var states: Set<JobState> = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let state = JobState(rawValue: String(word)) else {
                let known = JobState.allCases.map(\.rawValue).joined(separator: ", ")
                throw arguments.failure(
                    "--" + option + ": " + Argument(String(word)).quoted + " is none of " + known)
            }
            states.insert(state)
        }
        return states
    }

    static func filter(
        queue: String?, _ arguments: ArgumentReader
    ) throws(UsageError) -> JobFilter {
        JobFilter(
            queue: queue, states: try states(arguments), kind: try arguments.text("kind"),
            key: try arguments.text("key"), group: try arguments.text("group"),
            tag: try arguments.text("tag"))
    }

    /// A value that is given, or read from standard input where it is a lone `-`.
    static func json(
        _ value: Argument, limit: Int, _ context: CommandContext
    ) throws(CoordinatorError) -> [UInt8] {
        if value.bytes != [UInt8(ascii: "-")] { return value.bytes }
        do throws(SystemError) {
            return try context.streams.readAll(atMost: limit)
        } catch {
            throw .system("cannot read standard input", error)
        }
    }
}

extension Job {
    /// Adds the job as an object: what it is and what became of it.
    func write(to writer: inout JSONWriter, payload: [UInt8]? = nil, output: [UInt8]? = nil) {
        writer.beginObject()
        writer.member("id", id.rawValue)
        writer.member("queue", queue)
        writer.member("kind", kind)
        writer.member("state", state.rawValue)
        writer.member("priority", priority)
        writer.member("created", created)
        if let runAt { writer.member("runAt", runAt) }
        writer.member("attempt", attempt)
        writer.member("maximumAttempts", maximumAttempts)
        writer.member("rescues", rescues)
        writer.member("snoozes", snoozes)
        if let timeout { writer.member("timeout", timeout.milliseconds) }
        if let key { writer.member("key", key) }
        if let group { writer.member("group", group) }
        if !tags.isEmpty {
            writer.member("tags")
            writer.beginArray()
            for tag in tags { writer.value(tag) }
            writer.endArray()
        }
        if let metadata { writer.member("metadata", json: metadata) }
        if !after.isEmpty {
            writer.member("after")
            writer.beginArray()
            for dependency in after {
                writer.beginObject()
                writer.member("id", dependency.job.rawValue)
                writer.member("condition", dependency.condition.rawValue)
                writer.endObject()
            }
            writer.endArray()
        }
        if let claim {
            writer.member("token", claim.token)
            writer.member("pid", claim.process)
            writer.member("since", claim.since)
        }
        if let progress {
            writer.member("progress")
            writer.beginObject()
            writer.member("percent", progress.percent)
            if let message = progress.message { writer.member("message", message) }
            writer.endObject()
        }
        writer.member("failures")
        writer.beginArray()
        for failure in failures {
            writer.beginObject()
            writer.member("attempt", failure.attempt)
            writer.member("at", failure.at)
            writer.member("message", failure.message)
            writer.endObject()
        }
        writer.endArray()
        if let finished { writer.member("finished", finished) }
        if let reason { writer.member("reason", reason) }
        if let payload { writer.member("payload", json: payload) }
        if let output { writer.member("output", json: output) }
        writer.endObject()
    }

    /// The time that tells most of it, for people.
    var age: String {
        ElapsedText.since(finished ?? claim?.since ?? created)
    }
}

extension CommandContext {
    var jobs: Jobs {
        get throws(CoordinatorError) { try coordinator().jobs }
    }

    /// Takes back what the dead have left, before anything is looked at.
    func rescue(_ jobs: Jobs) throws {
        for id in try jobs.rescueWhereAllowed() {
            output.note(
                "the worker of job " + id.description + " is gone, but its command goes on as "
                    + "another user's, or in another namespace, and cannot be ended from here")
        }
    }

    /// Prints a job after something was done to it: nothing for people, who
    /// see by the status that it was.
    func print(_ job: Job) {
        guard settings.isJSON else {
            output.detail("job " + job.id.description + " is " + job.state.rawValue)
            return
        }
        var writer = JSONWriter()
        job.write(to: &writer)
        output.print(json: writer)
    }
}
