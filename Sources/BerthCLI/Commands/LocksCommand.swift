// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth locks`
enum LocksCommand: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "locks", summary: "list the locks that are held, and who waits for them",
            operands: ["[NAME]"],
            options: [
                .value("check", nil, "TOKEN", "say by the status whether the token holds NAME"),
                .flag("until-free", nil, "wait until nobody holds NAME, or waits for it"),
                .value("wait", "w", "TIME", "wait no longer than this: then status 124"),
            ],
            details: """
                With a NAME the status says whether that lock is held: 0, or free: 1. As JSON
                the locks that are free are listed too. A lock is orphaned where its command
                goes on although the berth that ran it has died; a ticket is stale where its
                owner has died, or its ttl has ended, and the next contender removes it.
                With --check the status is 0 where the grant is in force, and 76 where it is
                not: for a resource that refuses whoever has lost the lock.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let token = try arguments.integer("check", in: 1...Ticket.maximumNumber)
        let deadline = try arguments.duration("wait").map { Deadline(after: $0) }
        let untilFree = arguments.has("until-free")
        if token != nil && untilFree {
            throw arguments.failure("--check and --until-free exclude each other")
        }
        if deadline != nil && !untilFree {
            throw arguments.failure("--wait goes with --until-free only")
        }
        let locks = try context.locks()
        guard let text = try arguments.text(operand: 0, "NAME") else {
            if token != nil || untilFree { throw arguments.failure("NAME is missing") }
            list(try locks.listings(), context)
            return .success
        }
        let name = try LockName(text)
        if let token { return try check(name, token, locks, context) }
        if untilFree {
            if try locks.waitUntilFree(name, until: deadline) { return .success }
            context.output.note("the lock '" + name.text + "' was not free in time")
            return .timedOut
        }
        let listing = try locks.listing(of: name)
        if context.settings.isJSON {
            var writer = JSONWriter()
            listing.write(to: &writer)
            context.output.print(json: writer)
        } else if listing.state == .free && listing.stale.isEmpty {
            context.output.note("the lock '" + listing.name.text + "' is free")
        } else {
            show([listing], context)
        }
        return listing.state == .free ? .no : .success
    }

    private static func check(
        _ name: LockName, _ token: UInt64, _ locks: LockService, _ context: CommandContext
    ) throws(CoordinatorError) -> ExitStatus {
        if try locks.isHeld(name, token: token) { return .success }
        context.output.note(
            "the lock '" + name.text + "' is not held with the token " + String(token))
        return .stale
    }

    private static func list(_ listings: [LockListing], _ context: CommandContext) {
        guard context.settings.isJSON else {
            return show(listings.filter { $0.state != .free || !$0.stale.isEmpty }, context)
        }
        var writer = JSONWriter()
        writer.beginArray()
        for listing in listings { listing.write(to: &writer) }
        writer.endArray()
        context.output.print(json: writer)
    }

    private static func show(_ listings: [LockListing], _ context: CommandContext) {
        if listings.isEmpty { return context.output.note("no lock is held") }
        var table = Table([
            .init(title: "NAME", canShrink: true), .init(title: "STATE"),
            .init(title: "MODE"), .init(title: "TOKEN", isRightAligned: true),
            .init(title: "PID", isRightAligned: true), .init(title: "FOR", isRightAligned: true),
            .init(title: "COMMAND", canShrink: true),
        ])
        for listing in listings {
            for entry in listing.entries + listing.stale {
                table.add([
                    listing.name.text, listing.word(of: entry), entry.ticket.mode.word,
                    String(entry.ticket.number), entry.process.map { String($0) } ?? "?",
                    entry.since.map { ElapsedText.since($0) } ?? "?", entry.command,
                ])
            }
        }
        context.output.print(table)
        for listing in listings {
            for entry in listing.holders {
                guard let wrapper = entry.deadWrapper else { continue }
                let holder = entry.process.map { "pid " + String($0) } ?? "an unknown process"
                context.output.note(
                    "the lock '" + listing.name.text + "' is held by " + holder
                        + ", a child of the dead wrapper " + String(wrapper))
            }
        }
    }
}

extension LockListing {
    /// What an entry of it is doing.
    fileprivate func word(of entry: Entry) -> String {
        if entry.isHolder { return entry.deadWrapper == nil ? "held" : "orphaned" }
        return stale.contains(entry) ? "stale" : "waiting"
    }

    /// Adds the listing as an object; members of a holder that is not known are null.
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("name", name.text)
        writer.member("state", state.word)
        if let holder { holder.writeMembers(to: &writer) }
        if state != .free { Self.write("holders", holders, to: &writer) }
        Self.write("waiters", waiters, to: &writer)
        if !stale.isEmpty { Self.write("stale", stale, to: &writer) }
        writer.endObject()
    }

    private static func write(
        _ name: StaticString, _ entries: [Entry], to writer: inout JSONWriter
    ) {
        writer.member(name)
        writer.beginArray()
        for entry in entries {
            writer.beginObject()
            entry.writeMembers(to: &writer)
            writer.endObject()
        }
        writer.endArray()
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
        writer.member("mode", ticket.mode.name)
        if case .slots(let count) = ticket.mode { writer.member("slots", count) }
        writer.member("pid")
        if let process { writer.value(process) } else { writer.null() }
        if let deadWrapper { writer.member("wrapper", deadWrapper) }
        writer.member("command", command)
        writer.member("since")
        if let since { writer.value(since) } else { writer.null() }
        if let leaseRest { writer.member("left", leaseRest / 1_000_000) }
    }
}

extension Ticket.Mode {
    fileprivate var name: String {
        switch self {
        case .exclusive: "exclusive"
        case .shared: "shared"
        case .slots: "slots"
        case .foreign: "unknown"
        }
    }
}
