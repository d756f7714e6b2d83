// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

@testable import BerthCLI

@Suite("Bad input for jobs")
struct JobBadInputTests {
    private static var long: String { String(repeating: "x", count: 256) }
    private static var large: String { "\"" + String(repeating: "x", count: 65_535) + "\"" }

    @Test(arguments: [
        ["add", "q"], ["add", "--payload", "1"], ["add", "q", "--payload", "{"],
        ["add", "q", "--payload", ""], ["add", "q", "--payload", "{\"a\":1,\"a\":2}"],
        ["add", "q", "--payload", large], ["add", "q", "--payload", "1", "true"],
        ["add", "q", "--payload", "1", "--key", long], ["add", "q", "--payload", "1", "--key", ""],
        ["add", "q", "--payload", "1", "--priority", "100"],
        ["add", "q", "--payload", "1", "--priority", "-1"],
        ["add", "q", "--payload", "1", "--attempts", "0"],
        ["add", "q", "--payload", "1", "--attempts", "1001"],
        ["add", "q", "--payload", "1", "--delay", "soon"],
        ["add", "q", "--payload", "1", "--timeout", "0"],
        ["add", "q", "--payload", "1", "--after", "x"],
        ["add", "q", "--payload", "1", "--after", "1:never"],
        ["add", "q", "--payload", "1", "--on-conflict", "replace"],
        ["add", "q", "--payload", "1", "--key", "a", "--on-conflict", "what"],
        // What could close a circle of jobs that wait for each other.
        ["add", "q", "--payload", "1", "--key", "a", "--on-conflict", "replace", "--after", "1"],
        ["add", "q", "--payload", "1", "--metadata", "{"],
        ["add", "a/b", "--payload", "1"], ["add", "a b", "--payload", "1"],
        ["add", "q", "--env", "A=B", "true"], ["add", "q", "--start", "--no-start", "true"],
        ["claim", "q", "-n", "0"], ["claim", "a/b"], ["done", "x"], ["done", "0"], ["done", "1"],
        ["done", "1", "--token", "x"], ["snooze", "1", "later", "--token", "1"],
        ["progress", "1", "101", "--token", "1"], ["cancel"], ["cancel", "1", "x"],
        ["list", "--state", "lost"], ["wait"], ["wait", "1", "--queue", "q"],
        ["limit", "q", "--running", "-1"], ["pause"], ["pause", "*"],
    ])
    func isOneLineAndStatus64AndChangesNothing(words: [String]) throws {
        let store = try TemporaryStore()
        let run = CommandRun(["job"] + words, store: store)
        #expect(run.status == 64)
        #expect(run.output.isEmpty)
        #expect(run.complaints.count == 1)
        #expect(!run.errors.dropLast().unicodeScalars.contains { $0.value < 0x20 })
        #expect(!FileManager.default.fileExists(atPath: store.path))
    }

    @Test(arguments: [
        ["done", "9", "--token", "1"], ["fail", "9", "--token", "1"], ["cancel", "9"],
        ["retry", "9"], ["snooze", "9", "1s", "--token", "1"], ["release", "9", "--token", "1"],
        ["extend", "9", "1s", "--token", "1"], ["progress", "9", "50", "--token", "1"],
    ])
    func anUnknownJobMakesNoStore(words: [String]) throws {
        let store = try TemporaryStore()
        let run = CommandRun(["job"] + words, store: store)
        #expect(run.status == 66 && run.complaints.count == 1)
        #expect(!FileManager.default.fileExists(atPath: store.path))
    }

    @Test(arguments: [["prune"], ["redrive"]])
    func nothingToBeDoneMakesNoStore(words: [String]) throws {
        let store = try TemporaryStore()
        #expect(CommandRun(["job"] + words, store: store).status == 0)
        #expect(!FileManager.default.fileExists(atPath: store.path))
    }

    @Test(arguments: [
        ["show", "9"], ["done", "9", "--token", "1"], ["fail", "9", "--token", "1"],
        ["cancel", "9"], ["retry", "9"], ["log", "9"], ["wait", "9"],
        ["snooze", "9", "1s", "--token", "1"], ["release", "9", "--token", "1"],
        ["extend", "9", "1s", "--token", "1"], ["progress", "9", "50", "--token", "1"],
        ["add", "q", "--payload", "1", "--after", "9"],
    ])
    func anUnknownJobIsStatus66(words: [String]) throws {
        let store = try TemporaryStore()
        #expect(CommandRun(["job", "add", "q", "--payload", "1"], store: store).output == "1\n")
        let run = CommandRun(["job"] + words, store: store)
        #expect(run.status == 66)
        #expect(run.complaints == ["berth: there is no job 9"])
        #expect(CommandRun(["job", "add", "q", "--payload", "1"], store: store).output == "2\n")
    }

    @Test func theTokenOfAnotherAttemptIsStatus76() throws {
        let store = try TemporaryStore()
        _ = CommandRun(["job", "add", "q", "--payload", "1"], store: store)
        let first = CommandRun(["job", "claim", "q"], store: store).output.split(separator: " ")
        let token = String(first[1])
        #expect(CommandRun(["job", "release", "1", "--token", token], store: store).status == 0)
        _ = CommandRun(["job", "claim", "q"], store: store)
        let late = CommandRun(["job", "done", "1", "--token", token], store: store)
        #expect(late.status == 76 && late.complaints.count == 1)
        // Within the job, its environment tells the token.
        let variables = ["BERTH_JOB_ID": "1", "BERTH_JOB_TOKEN": token]
        #expect(CommandRun(["job", "done", "1"], store: store, variables: variables).status == 76)
        #expect(CommandRun(["job", "done", "2"], store: store, variables: variables).status == 64)
    }

    @Test(arguments: [("/nonesuch", Int32(127)), ("nonesuch", 127), ("/dev/null", 126)])
    func aHandlerThatCannotBeRunIsToldAtOnce(handler: String, status: Int32) throws {
        let store = try TemporaryStore()
        _ = CommandRun(["job", "add", "q", "--payload", "1"], store: store)
        let run = CommandRun(["work", "q", "--until-empty", "--", handler], store: store)
        #expect(run.status == status)
        #expect(run.complaints.count == 1)
        #expect(CommandRun(["job", "show", "1"], store: store).output.contains("\"available\""))
    }

    @Test func aHostilePayloadIsEscapedInATable() throws {
        let store = try TemporaryStore()
        _ = CommandRun(["job", "add", "q", "--payload", "\"\u{1B}[2J\u{202E}\""], store: store)
        let raw = "\"\u{1B}[2J\u{202E}\""
        #expect(CommandRun(["job", "add", "q", "--payload", raw], store: store).status != 0)
        _ = CommandRun(["job", "add", "q", "--payload", "\"\u{202E}x\""], store: store)
        let table = CommandRun(["job", "list"], store: store).output
        #expect(!table.contains("\u{1B}") && !table.contains("\u{202E}"))
    }
}
