// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth store dump`
enum StoreDump: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "store dump", summary: "print every record as a line of JSON",
            details: """
                {"key":…,"version":…,"value":…}, in the order of the keys, as they are at one
                moment. Where the store proves to be damaged, the status is 65 and what was
                printed is not all.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        try context.coordinator().dump { record in
            context.output.print(part: DumpLine.encode(record))
        }
        return .success
    }
}
