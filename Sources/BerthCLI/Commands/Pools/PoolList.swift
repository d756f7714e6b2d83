// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth pool list`
enum PoolList: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(name: "pool list", summary: "list the pools")
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let pools = try context.coordinator().pools()
        if context.settings.isJSON {
            var writer = JSONWriter()
            writer.beginArray()
            for pool in pools { pool.write(to: &writer) }
            writer.endArray()
            context.output.print(json: writer)
            return .success
        }
        if pools.isEmpty {
            context.output.note("there is no pool")
            return .success
        }
        var table = Table([
            .init(title: "NAME", canShrink: true), .init(title: "ITEMS", isRightAligned: true),
            .init(title: "FREE", isRightAligned: true),
            .init(title: "WAITING", isRightAligned: true),
        ])
        for pool in pools {
            table.add([
                pool.name, String(pool.items.count), String(pool.freeCount), String(pool.waiting),
            ])
        }
        context.output.print(table)
        return .success
    }
}

/// `berth pool show`
enum PoolShow: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "pool show", summary: "show the items of a pool, and who has them",
            operands: ["NAME"])
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let pool = try context.pool(arguments).status()
        if context.settings.isJSON {
            var writer = JSONWriter()
            pool.write(to: &writer)
            context.output.print(json: writer)
            return .success
        }
        var table = Table([
            .init(title: "ITEM", canShrink: true), .init(title: "STATE"),
            .init(title: "PID", isRightAligned: true), .init(title: "FOR", isRightAligned: true),
            .init(title: "TAG", canShrink: true), .init(title: "USER", canShrink: true),
        ])
        for item in pool.items {
            let holding = item.holding
            table.add([
                item.name, holding == nil ? "free" : "taken",
                item.process.map { String($0) } ?? "-",
                holding.map { ElapsedText.since($0.created) } ?? "-", holding?.tag ?? "-",
                holding?.path ?? (item.command.isEmpty ? "-" : item.command),
            ])
        }
        context.output.print(table)
        if pool.waiting > 0 {
            context.output.note(String(pool.waiting) + " waiting in line")
        }
        return .success
    }
}

extension PoolStatus {
    /// Adds the pool as an object; what is not known of an item, or is not so,
    /// is left out.
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("name", name)
        writer.member("free", freeCount)
        writer.member("waiting", waiting)
        writer.member("items")
        writer.beginArray()
        for item in items {
            writer.beginObject()
            writer.member("item", item.name)
            writer.member("state", item.holding == nil ? "free" : "taken")
            if let process = item.process { writer.member("pid", process) }
            if !item.command.isEmpty { writer.member("command", item.command) }
            if let holding = item.holding {
                if let path = holding.path { writer.member("path", path) }
                if let tag = holding.tag { writer.member("tag", tag) }
                writer.member("created", holding.created)
                writer.member("used", holding.used)
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}
