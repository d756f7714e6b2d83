// SPDX-License-Identifier: Apache-2.0

import BerthStore

// What is nil, empty or usual has no member.
extension Job {
    /// `{"id":1,"queue":"mail","state":"available","created":…,…}`
    var json: [UInt8] {
        var writer = JSONWriter(capacity: 384)
        writer.beginObject()
        writer.member("id", id.rawValue)
        writer.member("queue", queue)
        if kind != JobRequest.defaultKind { writer.member("kind", kind) }
        writer.member("state", state.rawValue)
        writer.member("created", created)
        if priority != 0 { writer.member("priority", priority) }
        if let runAt { writer.member("runAt", runAt) }
        writer.member("order", order)
        if attempt != 0 { writer.member("attempt", attempt) }
        if maximumAttempts != JobRequest.defaultAttempts { writer.member("max", maximumAttempts) }
        if lastToken != 0 { writer.member("token", lastToken) }
        writeRules(to: &writer)
        writeHistory(to: &writer)
        if let shortPayload { writer.member("payload", json: shortPayload) }
        writer.endObject()
        return writer.bytes
    }

    private func writeRules(to writer: inout JSONWriter) {
        switch backoff.curve {
        case .quartic: break
        case .doubling(let first): writer.member("backoff", first.milliseconds)
        }
        if backoff.cap != JobBackoff.defaultCap {
            writer.member("backoffCap", backoff.cap.milliseconds)
        }
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
            Self.write(after, to: &writer)
        }
        if !pending.isEmpty {
            writer.member("pending")
            Self.write(pending, to: &writer)
        }
    }

    private static func write(_ dependencies: [JobDependency], to writer: inout JSONWriter) {
        writer.beginArray()
        for dependency in dependencies {
            writer.value(dependency.job.rawValue)
            writer.value(dependency.condition.rawValue)
        }
        writer.endArray()
    }

    private func writeHistory(to writer: inout JSONWriter) {
        if rescues != 0 { writer.member("rescues", rescues) }
        if snoozes != 0 { writer.member("snoozes", snoozes) }
        if let claim {
            writer.member("claim")
            claim.write(to: &writer)
        }
        if let progress {
            writer.member("progress")
            progress.write(to: &writer)
        }
        if !failures.isEmpty {
            writer.member("failures")
            writer.beginArray()
            for failure in failures { failure.write(to: &writer) }
            writer.endArray()
        }
        if let finished { writer.member("finished", finished) }
        if let reason { writer.member("reason", reason) }
        if isBeingCancelled { writer.member("cancelling", true) }
        if hasOutput { writer.member("output", true) }
        if hasDependents { writer.member("dependents", true) }
    }

    /// Reads a record.
    ///
    /// - Throws: `damaged` where it is not one of a job, or of another job.
    init(_ record: Record) throws(CoordinatorError) {
        guard let fields = JSONFields(record.value), let id: UInt64 = fields.integer("id"),
            JobRecords.item(JobID(rawValue: id)) == record.key,
            let queue = fields.string("queue"),
            let state = fields.string("state").flatMap(JobState.init(rawValue:)),
            let created: Int64 = fields.integer("created"),
            let order: UInt64 = fields.integer("order")
        else { throw JobRecords.damaged(record.key) }
        self.id = JobID(rawValue: id)
        self.queue = queue
        kind = fields.string("kind") ?? JobRequest.defaultKind
        self.state = state
        self.created = created
        self.order = order
        attempt = fields.integer("attempt") ?? 0
        maximumAttempts = fields.integer("max") ?? JobRequest.defaultAttempts
        priority = fields.integer("priority") ?? 0
        runAt = fields.integer("runAt")
        let cap: Int64? = fields.integer("backoffCap")
        let first: Int64? = fields.integer("backoff")
        backoff = JobBackoff(
            curve: first.map { .doubling(.milliseconds($0)) } ?? .quartic,
            cap: cap.map { .milliseconds($0) } ?? JobBackoff.defaultCap)
        timeout = fields.integer("timeout", as: Int64.self).map { .milliseconds($0) }
        key = fields.string("key")
        group = fields.string("group")
        tags = fields.array("tags")?.compactMap { JSONScan.string($0) } ?? []
        metadata = fields.json("metadata").map { Array($0) }
        after = Self.dependencies(fields.array("after"))
        pending = Self.dependencies(fields.array("pending"))
        lastToken = fields.integer("token") ?? 0
        rescues = fields.integer("rescues") ?? 0
        snoozes = fields.integer("snoozes") ?? 0
        claim = fields.fields("claim").flatMap { JobClaim($0) }
        progress = fields.fields("progress").map { JobProgress($0) }
        failures =
            fields.array("failures")?.compactMap { JSONFields(Array($0)).flatMap(JobFailure.init) }
            ?? []
        finished = fields.integer("finished")
        reason = fields.string("reason")
        isBeingCancelled = fields.bool("cancelling") ?? false
        hasOutput = fields.bool("output") ?? false
        hasDependents = fields.bool("dependents") ?? false
        shortPayload = fields.json("payload").map { Array($0) }
        if state == .running && claim == nil { throw JobRecords.damaged(record.key) }
    }

    private static func dependencies(_ elements: [ArraySlice<UInt8>]?) -> [JobDependency] {
        guard let elements else { return [] }
        return stride(from: 0, to: elements.count - 1, by: 2).compactMap { index in
            guard let id = UInt64(decimal: elements[index]),
                let condition = JSONScan.string(elements[index + 1])
                    .flatMap(JobDependency.Condition.init(rawValue:))
            else { return nil }
            return JobDependency(job: JobID(rawValue: id), condition: condition)
        }
    }
}

extension JobFailure {
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("attempt", attempt)
        writer.member("at", at)
        writer.member("message", message)
        writer.endObject()
    }

    init?(_ fields: JSONFields) {
        guard let attempt: Int = fields.integer("attempt"), let at: Int64 = fields.integer("at"),
            let message = fields.string("message")
        else { return nil }
        self.init(attempt: attempt, at: at, message: message)
    }
}

extension JobProgress {
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("percent", percent)
        if let message { writer.member("message", message) }
        writer.endObject()
    }
}
