// SPDX-License-Identifier: Apache-2.0

/// `berth help [COMMAND…]`
enum HelpCommand: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "help", summary: "say what berth does, or how one command is used",
            operands: ["[COMMAND]", "[MEMBER]"])
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        guard let name = try arguments.text(operand: 0, "COMMAND") else {
            listCommands(of: nil, context)
            return .success
        }
        let member = try arguments.text(operand: 1, "MEMBER")
        if let command = CommandTable.command(name, member) {
            return explain(command.syntax, of: nil, context)
        }
        guard CommandTable.isGroup(name), member == nil else {
            let words = member.map { name + " " + $0 } ?? name
            throw arguments.failure("there is no command " + Argument(words).quoted)
        }
        listCommands(of: name, context)
        return .success
    }

    static func tellVersion(_ context: CommandContext) -> ExitStatus {
        context.output.print("berth " + CommandLineTool.version)
        return .success
    }

    /// Prints the help of one command; that of `help` is what there is, in a
    /// group or at all.
    static func explain(
        _ syntax: CommandSyntax, of group: String?, _ context: CommandContext
    ) -> ExitStatus {
        if syntax.name == Self.syntax.name {
            listCommands(of: group, context)
            return .success
        }
        let output = context.output
        output.print("usage: " + syntax.usage)
        output.print("")
        output.print(syntax.summary)
        if !syntax.details.isEmpty {
            output.print("")
            output.print(syntax.details)
        }
        if !syntax.options.isEmpty {
            output.print("")
            for line in lines(syntax.options) { output.print(line) }
        }
        if syntax.tail != .verbatim {
            output.print("")
            output.print("see berth help for the options of every command")
        }
        return .success
    }

    /// Prints what commands there are, of all or of one group.
    private static func listCommands(of group: String?, _ context: CommandContext) {
        let output = context.output
        output.print("usage: berth [OPTION…] " + (group ?? "COMMAND") + " …")
        output.print("")
        let syntaxes = CommandTable.all.map { $0.syntax }.filter { syntax in
            group.map { syntax.name.utf8.starts(with: ($0 + " ").utf8) } ?? true
        }
        for line in aligned(syntaxes.map { ($0.name, $0.summary) }) { output.print(line) }
        output.print("")
        output.print("options of every command, before or after its name:")
        for line in lines(CommandSyntax.global) { output.print(line) }
        output.print("")
        output.print("see berth help COMMAND for one of them")
    }

    private static func lines(_ options: [OptionSyntax]) -> [String] {
        aligned(
            options.map { option in
                let letter = option.letter.map { "-" + $0 + ", " } ?? "    "
                let value = option.value.map { " " + $0 } ?? ""
                return (letter + "--" + option.name + value, option.summary)
            })
    }

    /// Two columns, the first as wide as its widest entry.
    private static func aligned(_ rows: [(String, String)]) -> [String] {
        let width = rows.map { TerminalText.width($0.0) }.max() ?? 0
        return rows.map { row in
            let padding = String(repeating: " ", count: width - TerminalText.width(row.0) + 2)
            return "  " + row.0 + padding + row.1
        }
    }
}
