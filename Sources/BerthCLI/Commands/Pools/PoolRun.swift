// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth pool run`
enum PoolRun: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "pool run", summary: "run a command with items of a pool",
            operands: ["NAME"], tail: .required, options: poolWaitOptions,
            details: """
                COMMAND finds the items in BERTH_ITEMS, one a line, and the first of them in
                BERTH_ITEM. They are free as soon as it ends, in whatever way; it keeps them
                when berth is killed. The status is that of COMMAND; 128+N where signal N ended
                it; 126 or 127 where it cannot be run.
                """)
    }

    /// The variables that carry the items.
    private static var itemVariable: String { "BERTH_ITEM" }
    private static var itemsVariable: String { "BERTH_ITEMS" }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let pool = try context.pool(arguments)
        let wish = try PoolWish(
            try arguments.poolCount(), try arguments.poolPatience(),
            command: LockCommand.describe(arguments.tail), under: context.outerLocks)
        let held = try pool.hold(wish, nil) { context.tell($0) }
        guard let (items, ticket) = held else { return context.refuse(pool) }
        ChildProcess.setVariable(itemVariable, items[0])
        ChildProcess.setVariable(itemsVariable, items.joined(separator: "\n"))
        return try LockedCommand(.init(ticket), arguments, context).run()
    }
}
