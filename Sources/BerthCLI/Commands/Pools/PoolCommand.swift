// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// The options that say which items, where they are numbers.
private var numberOptions: [OptionSyntax] {
    [.value("range", nil, "A-B", "the numbers from A to B as items")]
}

private var forceOption: OptionSyntax {
    .flag("force", "f", "even where it is in use; whoever uses it is not told")
}

extension ArgumentReader {
    /// The items of a command line: its words, a number of them or a range.
    fileprivate func items() throws -> [String] {
        let texts = try texts(operandsFrom: 1, "ITEM")
        let count = try integer("count", in: 1...PoolItems.maximumCount)
        let range = try range()
        switch (texts.isEmpty, count, range) {
        case (false, nil, nil): return try PoolItems(texts).texts
        case (true, let count?, nil): return try PoolItems(numbered: 1...count).texts
        case (true, nil, let range?): return try PoolItems(numbered: range).texts
        case (true, nil, nil): throw failure("the items are missing")
        default: throw failure("items are given in two ways; one is enough")
        }
    }

    private func range() throws(UsageError) -> ClosedRange<Int>? {
        guard let value = value("range") else { return nil }
        let ends = value.bytes.split(
            separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Int(decimal: ends[0]), let last = Int(decimal: ends[1]),
            first <= last
        else {
            throw failure("--range: " + value.quoted + " is no range of numbers such as 1-8")
        }
        return first...last
    }
}

extension CommandContext {
    /// The pool that the first word of a command line names.
    func pool(_ arguments: ArgumentReader) throws -> Pool {
        try coordinator().pool(try arguments.requiredText(operand: 0, "NAME"))
    }
}

/// `berth pool create`
enum PoolCreate: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "pool create", summary: "make a pool of items of which each is used by one",
            operands: ["NAME", "[ITEM…]"],
            options: [.value("count", nil, "N", "the numbers from 1 to N as items")]
                + numberOptions,
            details: """
                Items are given out in their order. A pool that is there already with the same
                items is left as it is; status 1: it is there with others.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let pool = try context.pool(arguments)
        let isNew = try pool.create(try arguments.items())
        if !isNew { context.output.note("the pool '" + pool.name + "' is there already") }
        return .success
    }
}

/// `berth pool add`
enum PoolAdd: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "pool add", summary: "add items to a pool", operands: ["NAME", "[ITEM…]"],
            options: numberOptions)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        try context.pool(arguments).add(try arguments.items())
        return .success
    }
}

/// `berth pool remove`
enum PoolRemove: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "pool remove", summary: "take items out of a pool",
            operands: ["NAME", "[ITEM…]"], options: numberOptions + [forceOption],
            details: """
                Status 75: an item is in use. Status 66: the pool has no such item.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        try context.pool(arguments).remove(
            try arguments.items(), isForced: arguments.has("force"))
        return .success
    }
}

/// `berth pool drop`
enum PoolDrop: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "pool drop", summary: "remove a pool", operands: ["NAME"],
            options: [forceOption],
            details: """
                Whoever stands in line for it gets status 66. Status 75: an item is in use.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        try context.pool(arguments).drop(isForced: arguments.has("force"))
        return .success
    }
}
