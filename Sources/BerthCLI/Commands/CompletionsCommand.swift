// SPDX-License-Identifier: Apache-2.0

/// `berth completions SHELL`
enum CompletionsCommand: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "completions", summary: "print a script that completes berth in a shell",
            operands: ["SHELL"],
            details: "SHELL is bash, zsh or fish. For bash: eval \"$(berth completions bash)\"")
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        throw arguments.failure("not yet")
    }
}
