// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// The directory, the tag and the process that own items.
private var ownerOptions: [OptionSyntax] {
    [
        .value("path", "p", "DIR", "the directory that they are for; default: the current one"),
        .value("tag", "t", "TAG", "tells several takers of one directory apart"),
        .value("for-pid", nil, "PID", "the process that has them, until it ends"),
    ]
}

/// How many items, and how long they are waited for.
var poolWaitOptions: [OptionSyntax] {
    [
        .value("count", "c", "N", "how many items; all at once, or none"),
        .flag("no-wait", "n", "do not wait: status 75 where too few are free"),
        .value("wait", "w", "TIME", "wait no longer than this: then status 124"),
    ]
}

extension ArgumentReader {
    func poolCount() throws(UsageError) -> Int {
        try integer("count", in: 1...PoolItems.maximumCount) ?? 1
    }

    func poolPatience() throws(UsageError) -> LockPatience {
        if has("no-wait") {
            if has("wait") { throw failure("--no-wait and --wait exclude each other") }
            return .none
        }
        return LockPatience(try duration("wait"))
    }
}

extension CommandContext {
    /// Says what is waited for, to a person. Others hear of the event.
    func tell(_ obstacle: PoolObstacle) {
        guard output.messagesAreSeen else { return }
        let wish = obstacle.count == 1 ? "an item" : String(obstacle.count) + " items"
        output.note(
            "waiting for " + wish + " of the pool '" + obstacle.pool + "': "
                + String(obstacle.free) + " of " + String(obstacle.total) + " free")
    }

    func refuse(_ pool: Pool) -> ExitStatus {
        output.note(
            "too few items of the pool '" + pool.name + "' are free, or others wait for them; "
                + "see berth pool show " + pool.name)
        return .busy
    }
}

/// `berth pool take`
enum PoolTake: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "pool take", summary: "take items of a pool, and print them",
            operands: ["NAME"],
            options: ownerOptions + poolWaitOptions + [
                .value("ttl", nil, "TIME", "until when: this long from now, or from the last take"),
                .value("idle-days", nil, "DAYS", "until nobody has asked for them in so long"),
            ],
            details: """
                Prints one item a line. The same directory, tag and process are given the same
                items each time, until they are given back; without any of the ends above, until
                the directory is gone. Whoever finds too few free waits in line. Status 1: the
                pool has fewer in all, or the same owner has another number of them.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let pool = try context.pool(arguments)
        let request = try PoolRequest(
            for: try arguments.text("path"), tag: try arguments.text("tag"),
            count: try arguments.poolCount(),
            process: try arguments.integer("for-pid", in: 1...Int32.max),
            lasting: try arguments.duration("ttl"),
            idleDays: try arguments.integer("idle-days", in: 1...100_000))
        let holding = try pool.take(
            request, try arguments.poolPatience(), under: context.outerLocks
        ) { context.tell($0) }
        guard let holding else { return context.refuse(pool) }
        if context.settings.isJSON {
            context.output.print(bytes: holding.json)
        } else {
            for item in holding.items { context.output.print(item) }
        }
        return .success
    }
}

/// `berth pool give`
enum PoolGive: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "pool give", summary: "give items back to a pool",
            operands: ["NAME", "[ITEM…]"], options: ownerOptions,
            details: """
                Without an ITEM all that the owner has. Without --for-pid what was taken for
                the nearest process that runs this one, else for none. Status 66: the owner has
                nothing, or nobody has the item. Status 76: another has it.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let pool = try context.pool(arguments)
        let given = try pool.give(
            try arguments.texts(operandsFrom: 1, "ITEM"), for: try arguments.text("path"),
            tag: try arguments.text("tag"),
            process: try arguments.integer("for-pid", in: 1...Int32.max))
        if context.settings.isJSON {
            var writer = JSONWriter()
            writer.beginArray()
            for item in given { writer.value(item) }
            writer.endArray()
            context.output.print(json: writer)
        } else {
            for item in given {
                context.output.note("gave back " + item + " of the pool '" + pool.name + "'")
            }
        }
        return .success
    }
}
