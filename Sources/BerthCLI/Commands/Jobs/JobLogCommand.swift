// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth job log ID`
enum JobLogCommand: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "job log", summary: "print what the command of a job has written",
            operands: ["ID"],
            options: [.flag("follow", "f", "go on until the job has ended")])
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let id = try JobOptions.id(arguments)
        let follower = LogFollower(id, try context.jobs)
        try follower.run(following: arguments.has("follow")) { part in
            context.output.printNow(part)
        }
        return .success
    }
}
