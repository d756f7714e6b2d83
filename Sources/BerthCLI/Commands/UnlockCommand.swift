// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth unlock`
enum UnlockCommand: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "unlock", summary: "release a lock that was taken with lock --for-pid",
            operands: ["NAME"],
            options: [.value("token", nil, "TOKEN", "the token that berth lock printed")],
            details: """
                Without a token, only a lock that was taken for a process which runs this
                command is released. Status 76: it is not held so, or no longer. Status 66:
                there is no such lock.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let name = try LockName(try arguments.requiredText(operand: 0, "NAME"))
        let token = try arguments.integer("token", in: 1...Ticket.maximumNumber)
        try context.locks().release(name, token: token)
        return .success
    }
}
