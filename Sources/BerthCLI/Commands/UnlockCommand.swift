// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth unlock`
enum UnlockCommand: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "unlock", summary: "release a lock that was taken with lock --for-pid",
            operands: ["NAME"],
            options: [
                .value("token", nil, "TOKEN", "the token that berth lock printed"),
                .flag("break", nil, "take the lock from whoever holds it, dead or alive"),
            ],
            details: """
                Without a token, only a lock that was taken for a process which runs this
                command is released. Status 76: it is not held so, or no longer. Status 66:
                there is no such lock.
                --break says what it took from whom, and writes it to the journal. Whoever
                held the lock goes on, and believes that it is alone: only its token, which
                is stale from now on, can tell.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let name = try LockName(try arguments.requiredText(operand: 0, "NAME"))
        let token = try arguments.integer("token", in: 1...Ticket.maximumNumber)
        guard arguments.has("break") else {
            try context.locks().release(name, token: token)
            return .success
        }
        let broken = try context.coordinator().breakLock(name.text, token: token)
        if broken.isEmpty {
            context.output.note("nobody holds the lock '" + name.text + "'")
            return .stale
        }
        if context.settings.isJSON {
            show(broken, context)
        } else {
            for grant in broken { context.output.note(line(name, grant)) }
        }
        return .success
    }

    private static func line(_ name: LockName, _ grant: Coordinator.BrokenGrant) -> String {
        var line = "took the lock '" + name.text + "' (token " + String(grant.token) + ") from "
        line += grant.process.map { "process " + String($0) } ?? "a process"
        if !grant.command.isEmpty { line += " (" + grant.command + ")" }
        return line + ", which may go on without it"
    }

    private static func show(_ broken: [Coordinator.BrokenGrant], _ context: CommandContext) {
        var writer = JSONWriter()
        writer.beginArray()
        for grant in broken {
            writer.beginObject()
            writer.member("token", grant.token)
            writer.member("pid")
            if let process = grant.process { writer.value(process) } else { writer.null() }
            writer.member("command", grant.command)
            writer.endObject()
        }
        writer.endArray()
        context.output.print(json: writer)
    }
}
