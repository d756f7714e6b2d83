// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import BerthCLI

@Suite("Completions")
struct CompletionTests {
    @Test(arguments: ["bash", "zsh", "fish"])
    func everyCommandAndOptionIsKnownToTheShell(shell: String) {
        let run = CommandRun(["completions", shell])
        #expect(run.status == 0)
        for command in CommandTable.all {
            for part in command.syntax.name.split(separator: " ") {
                #expect(run.output.contains(part))
            }
            for option in command.syntax.options + CommandSyntax.global {
                #expect(run.output.contains((shell == "fish" ? " -l " : "--") + option.name))
            }
        }
    }

    @Test(arguments: [
        (["kv", "up"], "update"), (["--store", "x", "port", "rel"], "release"),
        (["port", "reserve", "--path", "kv", "--mi"], "--min"), (["comp"], "completions"),
    ])
    func bashCompletes(words: [String], completion: String) throws {
        let script = CommandRun(["completions", "bash"]).output
        let quoted = (["berth"] + words).map { "'" + $0 + "'" }.joined(separator: " ")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = [
            "-c",
            script + "\nCOMP_WORDS=(\(quoted)); COMP_CWORD=\(words.count); _berth;"
                + " echo \"${COMPREPLY[*]}\"",
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let answer = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(String(decoding: answer, as: UTF8.self) == completion + "\n")
    }
}
