// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth job cancel ID…`
enum JobCancel: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "job cancel", summary: "cancel jobs; those that run are ended",
            operands: ["ID…"], options: [.value("reason", nil, "TEXT", "why")],
            details: """
                A worker ends the command with TERM, and with KILL after a while: berth job wait
                ID. Status 1: a job had ended already.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let reason = try arguments.text("reason")
        let ids = try JobOptions.ids(arguments)
        let outcomes = try context.jobs.change("cancel") { transaction in
            try ids.map { try transaction.cancelJob($0, reason: reason) }
        }
        var status = ExitStatus.success
        for (id, outcome) in zip(ids, outcomes) {
            switch outcome {
            case .cancelled: context.output.detail("job " + id.description + " is cancelled")
            case .requested: context.output.note("job " + id.description + " is being ended")
            case .ended(let state):
                context.output.note("job " + id.description + " was " + state.rawValue + " already")
                status = .no
            }
        }
        return status
    }
}

/// `berth job retry ID…`
enum JobRetry: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "job retry", summary: "let jobs run as soon as they can, or once more",
            operands: ["ID…"], options: [DetachedWorker.refusal],
            details: """
                One that has ended begins anew; status 1 where another job with its key is to be
                done. Where they are commands that no worker would run, one is started.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let ids = try JobOptions.ids(arguments)
        let jobs = try context.jobs.change("retry") { transaction in
            try ids.map { try transaction.retryJob($0) }
        }
        for job in jobs { context.print(job) }
        try DetachedWorker.startWhereMissing(jobs.map(\.queue), arguments, context)
        return .success
    }
}

/// `berth job redrive [QUEUE]`
enum JobRedrive: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "job redrive", summary: "let dead letters run once more; print how many",
            operands: ["[QUEUE]"], options: JobOptions.filters + [DetachedWorker.refusal],
            details: """
                Without --state: the discarded ones. One beside which another job with its key
                is to be done is left alone. Where they are commands that no worker would run,
                one is started.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let queue = try arguments.text(operand: 0, "QUEUE")
        let filter = try JobOptions.filter(queue: queue, arguments)
        let jobs = try context.jobs
        context.output.print(String(try jobs.redrive(filter)))
        let queues = try queue.map { [$0] } ?? jobs.queues().map(\.name)
        try DetachedWorker.startWhereMissing(queues, arguments, context)
        return .success
    }
}

/// `berth job pause QUEUE`
enum JobPause: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "job pause", summary: "let no job of a queue be claimed; what runs goes on",
            operands: ["QUEUE…"],
            options: [.value("group", nil, "NAME", "no job of this --group")])
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let group = try arguments.text("group")
        for queue in try arguments.texts(operandsFrom: 0, "QUEUE") {
            try context.jobs.pause(queue, group: group)
        }
        return .success
    }
}

/// `berth job resume QUEUE`
enum JobResume: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "job resume", summary: "let jobs of a paused queue be claimed again",
            operands: ["QUEUE…"],
            options: [
                .value("group", nil, "NAME", "jobs of a --group that was paused by itself"),
                DetachedWorker.refusal,
            ],
            details: "Where commands wait that no worker would run, one is started.")
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let queues = try arguments.texts(operandsFrom: 0, "QUEUE")
        let group = try arguments.text("group")
        for queue in queues { try context.jobs.resume(queue, group: group) }
        try DetachedWorker.startWhereMissing(queues, arguments, context)
        return .success
    }
}

/// `berth job drain QUEUE`
enum JobDrain: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "job drain", summary: "pause a queue, and wait until none of its jobs runs",
            operands: ["QUEUE"],
            options: [.value("group", nil, "NAME", "only this --group"), JobOptions.wait])
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let queue = try arguments.requiredText(operand: 0, "QUEUE")
        let group = try arguments.text("group")
        let timeout = try arguments.duration("wait")
        let jobs = try context.jobs
        try jobs.pause(queue, group: group)
        _ = try jobs.wait(for: .idleQueue(queue, group: group), timeout: timeout)
        return .success
    }
}

/// `berth job limit QUEUE`
enum JobLimit: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "job limit", summary: "bound what of a queue runs at once, and is kept",
            operands: ["QUEUE"],
            options: [
                .value("running", nil, "N", "run so many jobs at once; 0 is no limit"),
                .value("per-group", nil, "N", "of one --group so many; 0 is no limit"),
                .value("keep", nil, "TIME", "keep what is completed or cancelled; default: 1d"),
                .value("keep-discarded", nil, "TIME", "keep dead letters; default: 7d"),
                .value("keep-count", nil, "N", "keep so many that have ended at most"),
            ])
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let queue = try arguments.requiredText(operand: 0, "QUEUE")
        let running = try arguments.integer("running", in: 0...100_000)
        let perGroup = try arguments.integer("per-group", in: 0...100_000)
        let kept = try arguments.duration("keep")
        let keptDiscarded = try arguments.duration("keep-discarded")
        let count = try arguments.integer("keep-count", in: 0...1_000_000_000)
        try context.jobs.updateQueue(queue) { settings in
            if let running { settings.limit = running == 0 ? nil : running }
            if let perGroup { settings.limitPerGroup = perGroup == 0 ? nil : perGroup }
            if let kept { settings.keepsCompleted = kept }
            if let keptDiscarded { settings.keepsDiscarded = keptDiscarded }
            if let count { settings.keepsAtMost = count }
        }
        return .success
    }
}

/// `berth job prune`
enum JobPrune: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "job prune", summary: "remove ended jobs that were kept long enough",
            details: "Nobody needs to: adding jobs does it in passing. Prints how many.")
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        context.output.print(String(try context.jobs.prune()))
        return .success
    }
}
