// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth store compact`
enum StoreCompact: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "store compact", summary: "merge everything in the store into one file",
            details: """
                Nobody needs to: a store merges its files as it grows. Others go on reading and
                writing; what they write meanwhile stays beside the file. Waits for a merge that
                is under way. With --json prints what berth store info does.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let coordinator = try context.coordinator()
        let progress = ProgressLine("merging " + coordinator.path, context)
        defer { progress.end() }
        try coordinator.store.compact(progress: progress.report)
        progress.end()
        let information = try coordinator.information()
        if context.settings.isJSON {
            StoreInfo.show(information, context)
        } else {
            let bytes = information.runs.reduce(0) { $0 + $1.bytes }
            context.output.detail(coordinator.path + " has " + String(bytes) + " bytes of records")
        }
        return .success
    }
}
