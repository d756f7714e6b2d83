// SPDX-License-Identifier: Apache-2.0

/// `berth completions SHELL`
enum CompletionsCommand: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "completions", summary: "print a script that completes berth in a shell",
            operands: ["SHELL"],
            details: """
                SHELL is bash, zsh or fish. In the shell's start file:
                  bash  eval "$(berth completions bash)"
                  zsh   eval "$(berth completions zsh)"
                  fish  berth completions fish | source
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let script = CompletionScript(CommandTable.all.map { $0.syntax })
        switch try arguments.requiredText(operand: 0, "SHELL") {
        case "bash": context.output.print(script.bash)
        case "zsh": context.output.print(script.zsh)
        case "fish": context.output.print(script.fish)
        case let other:
            throw arguments.failure(Argument(other).quoted + " is none of bash, zsh and fish")
        }
        return .success
    }
}
