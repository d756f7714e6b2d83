// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthTestSupport
import Testing

@testable import BerthCLI

@Suite("The command")
struct CommandLineToolTests {
    @Test func everyCommandIsFoundByItsName() {
        for command in CommandTable.all {
            let words = command.syntax.name.split(separator: " ").map(String.init)
            let found = CommandTable.command(words[0], words.count > 1 ? words[1] : nil)
            #expect(found == command, "\(command.syntax.name)")
            #expect(CommandTable.isGroup(words[0]) == (words.count > 1))
        }
    }

    @Test func noOptionHidesAnother() {
        for command in CommandTable.all {
            let options = command.syntax.acceptedOptions
            let names = options.map(\.name)
            let letters = options.compactMap(\.letter)
            #expect(Set(names).count == names.count, "\(command.syntax.name)")
            #expect(Set(letters).count == letters.count, "\(command.syntax.name)")
        }
    }

    @Test func everyCommandExplainsItself() {
        for command in CommandTable.all {
            let words = command.syntax.name.split(separator: " ").map(String.init)
            let run = CommandRun(["help"] + words)
            #expect(run.status == 0)
            #expect(run.output == CommandRun(words + ["--help"]).output)
            #expect(run.output.split(separator: "\n").allSatisfy { $0.count <= 100 })
            #expect(run.errors.isEmpty)
        }
    }

    @Test(arguments: [["help"], ["--help"], ["-h"], ["help", "kv"], ["kv", "--help"]])
    func helpIsAnAnswer(words: [String]) {
        let run = CommandRun(words)
        #expect(run.status == 0)
        #expect(run.output.contains("kv set"))
    }

    @Test(arguments: [
        [], ["frobnicate"], ["kv"], ["kv", "frobnicate"], ["--frobnicate"], ["--", "kv"],
        ["kv", "get"], ["help", "frobnicate"], ["--color", "blue", "kv", "list"],
        ["-q", "-v", "kv", "list"], ["--store", "", "kv", "list"], ["completions", "csh"],
    ])
    func whatCannotBeUnderstoodIsOneLineAndStatus64(words: [String]) {
        let run = CommandRun(words)
        #expect(run.status == 64)
        #expect(run.output.isEmpty)
        #expect(run.complaints.count == 1)
        #expect(run.errors.hasPrefix("berth: "))
        #expect(run.errors.contains("see berth help"))
    }

    @Test func aGroupExplainsItself() {
        let run = CommandRun(["port", "--help"])
        #expect(run.output == CommandRun(["help", "port"]).output)
        #expect(run.output.contains("port list") && !run.output.contains("kv set"))
    }

    @Test func theVersionIsAnAnswer() {
        #expect(CommandRun(["--version"]).output == "berth " + CommandLineTool.version + "\n")
    }

    @Test func globalOptionsStandBeforeOrAfterTheCommand() throws {
        let store = try TemporaryStore()
        #expect(CommandRun(["--store", store.path, "kv", "set", "a", "1"]).status == 0)
        for words in [
            ["--json", "--store", store.path, "kv", "get", "a"],
            ["kv", "--json", "get", "--store=" + store.path, "a"],
            ["kv", "get", "a", "--store", store.path, "--json"],
        ] {
            #expect(CommandRun(words).output == "{\"key\":\"a\",\"version\":1,\"value\":1}\n")
        }
    }

    @Test func eachCodeHasItsStatus() {
        let statuses: [(CoordinatorError.Code, Int32)] = [
            (.notFound, 66), (.cannotCreate, 73), (.unsafeLocation, 73), (.newerVersion, 65),
            (.busy, 75), (.timedOut, 124), (.cancelled, 70), (.stale, 76), (.unavailable, 1),
            (.damaged, 65), (.moved, 74), (.permission, 77), (.invalid, 64), (.noRoom, 74),
            (.exhausted, 71), (.inputOutput, 74), (.indeterminate, 80), (.configuration, 78),
        ]
        for (code, status) in statuses { #expect(ExitStatus(code).rawValue == status) }
    }
}
