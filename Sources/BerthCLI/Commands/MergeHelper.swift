// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth store merge-runs DIRECTORY`: what the command starts when it has left
/// runs to merge, so that nobody waits for that. It is in no list of commands.
///
/// It may be killed at any moment: see ``RunMerger``.
enum MergeHelper: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "store merge-runs", summary: "merge the runs that are due, after all others",
            operands: ["DIRECTORY"])
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let path = try arguments.requiredText(operand: 0, "DIRECTORY")
        CurrentProcess.detach()
        try Store(at: path).merger().run()
        return .success
    }

    /// Starts it. Where that cannot be, whoever rotates next will try.
    static func start(_ merger: RunMerger) {
        guard let program = CurrentProcess.executablePath else { return }
        let words = [program, "store", "merge-runs", "--", merger.path]
        try? ChildProcess.startAside(words.map { Array($0.utf8) })
    }
}
