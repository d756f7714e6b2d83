// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth locks`
enum LocksCommand: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "locks", summary: "list the locks that are held, and who waits for them",
            operands: ["[NAME]"],
            details: """
                With a NAME the status says whether that lock is held: 0, or free: 1. As JSON
                the locks that are free are listed too. A lock is orphaned where its command
                goes on although the berth that ran it has died.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let locks = try context.locks()
        guard let text = try arguments.text(operand: 0, "NAME") else {
            let listings = try locks.listings()
            if context.settings.isJSON {
                var writer = JSONWriter()
                writer.beginArray()
                for listing in listings { listing.write(to: &writer) }
                writer.endArray()
                context.output.print(json: writer)
            } else {
                show(listings.filter { $0.state != .free }, context)
            }
            return .success
        }
        let listing = try locks.listing(of: try LockName(text))
        if context.settings.isJSON {
            var writer = JSONWriter()
            listing.write(to: &writer)
            context.output.print(json: writer)
        } else if listing.state == .free {
            context.output.note("the lock '" + listing.name.text + "' is free")
        } else {
            show([listing], context)
        }
        return listing.state == .free ? .no : .success
    }

    private static func show(_ listings: [LockListing], _ context: CommandContext) {
        if listings.isEmpty { return context.output.note("no lock is held") }
        var table = Table([
            .init(title: "NAME", canShrink: true), .init(title: "STATE"),
            .init(title: "TOKEN", isRightAligned: true), .init(title: "PID", isRightAligned: true),
            .init(title: "FOR", isRightAligned: true), .init(title: "COMMAND", canShrink: true),
        ])
        for listing in listings {
            for (place, entry) in listing.entries.enumerated() {
                table.add([
                    listing.name.text, place == 0 ? listing.state.word : "waiting",
                    String(entry.ticket.number), entry.process.map { String($0) } ?? "?",
                    entry.since.map { ElapsedText.since($0) } ?? "?", entry.command,
                ])
            }
        }
        context.output.print(table)
    }
}

extension LockListing {
    /// Adds the listing as an object; members of a holder that is not known are null.
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("name", name.text)
        writer.member("state", state.word)
        if let holder {
            holder.writeMembers(to: &writer)
        }
        writer.member("waiters")
        writer.beginArray()
        for waiter in waiters {
            writer.beginObject()
            waiter.writeMembers(to: &writer)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}

extension LockListing.State {
    fileprivate var word: String {
        switch self {
        case .free: "free"
        case .held: "held"
        case .orphaned: "orphaned"
        }
    }
}

extension LockListing.Entry {
    fileprivate func writeMembers(to writer: inout JSONWriter) {
        writer.member("token", ticket.number)
        writer.member("pid")
        if let process { writer.value(process) } else { writer.null() }
        writer.member("command", command)
        writer.member("since")
        if let since { writer.value(since) } else { writer.null() }
    }
}
