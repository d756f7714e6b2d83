// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

@testable import BerthCLI

@Suite("Bad input to the commands on ports")
struct PortBadInputTests {
    private static var long: String { String(repeating: "x", count: 5000) }
    private static var hostile: [String] { ["", long, "a\u{1B}[2J\n\u{0}b", "$(id);'\""] }

    /// Refused in one line, with nothing made.
    private func expectRefusal(
        _ run: CommandRun, _ status: Int32, _ store: TemporaryStore, _ words: [String]
    ) {
        #expect(run.status == status, "\(words)")
        #expect(run.output.isEmpty)
        #expect(run.complaints.count == 1)
        #expect(run.errors.hasPrefix("berth: "))
        #expect(!run.errors.dropLast().unicodeScalars.contains { $0.value < 0x20 })
        #expect(!FileManager.default.fileExists(atPath: store.path))
    }

    /// Each option of each command that takes a value, with each value that
    /// none of them can mean.
    @Test func everyOptionRefusesWhatItCannotMean() throws {
        let store = try TemporaryStore()
        for command in CommandTable.all where command.syntax.name.hasPrefix("port ") {
            let syntax = command.syntax
            let verb = syntax.name.split(separator: " ").map(String.init)
            let operands = syntax.operands.map { _ in "1" } + (syntax.tail == .none ? [] : ["true"])
            for option in syntax.options where option.value != nil {
                for value in Self.hostile {
                    let isText = ["project", "task", "tag", "filter-project", "filter-tag"]
                        .contains(option.name)
                    let isPath = ["path", "from", "to", "filter-path"].contains(option.name)
                    // A hostile text is a text all the same: it is kept, and escaped.
                    if (isText || isPath) && value == Self.hostile[3] { continue }
                    let words = verb + ["--" + option.name, value] + operands
                    let run = CommandRun(words, store: store)
                    #expect(run.status == 64, "\(words)")
                    #expect(run.complaints.count == 1, "\(words)")
                    #expect(!run.errors.dropLast().unicodeScalars.contains { $0.value < 0x20 })
                    #expect(!FileManager.default.fileExists(atPath: store.path), "\(words)")
                    if run.status == 0 { return }
                }
            }
        }
    }

    @Test(arguments: [
        ["reserve", "--project", "a", "--clear-project"],
        ["reserve", "--task", "a", "--clear-task"], ["reserve", "--exact"],
        ["reserve", "--min", "9", "--max", "8"], ["reserve", "--ttl", "0"],
        ["reserve", "--ttl", "1y"], ["reserve", "--for-pid", "0"], ["reserve", "--for-pid", "-1"],
        ["release", "--tag", "a", "--untagged-only"], ["list", "--format", "xml"],
        ["assert-port"], ["assert-port", "0"], ["assert-port", "65536"], ["assert-port", "x"],
        ["info", "0"], ["info", "80", "--skip-tcp"], ["scan", "--autocompact"],
        ["scan", "--skip-occupancy-check"], ["expire", "--days", "x"], ["prune", "--days", "1"],
        ["exclude", "0"], ["exclude", "9..8"], ["exclude", "1.5"], ["exclude", "1...5"],
        ["exclude"], ["compact-exclusions"], ["validate"], ["reserve-group"],
        ["migrate", "--from", "/a"], ["migrate", "--to", "/a"],
        ["migrate", "--from", "/a", "--to", "/a/."], ["run"], ["run", "--"],
        ["run", "--address", "localhost", "true"], ["run", "--dry-run", "true"],
        ["reserve", "--port", "80", "--port", "81"],
    ])
    func conflictsAreStatus64(words: [String]) throws {
        let store = try TemporaryStore()
        expectRefusal(CommandRun(["port"] + words, store: store), 64, store, words)
    }

    @Test(arguments: [
        "", "nonsense", "{\"project\":1}", "{\"project\":\"a\",\"project\":\"b\"}",
        "{\"ports\":{\"min\":\"5000\"}}", "{\"reservations\":{}}", "{} // x\n/*",
        "{\"reservations\":{\"services\":{\"a\":{},\"b\":{}}}}",
        "{\"reservations\":{\"services\":{\"a\":{\"env\":\"A;rm -rf ~\"}}}}",
        "{\"reservations\":{\"services\":{\"a\":{\"env\":\"A\"},\"b\":{\"offset\":1,\"env\":\"a\"}}}}",
        "{\"reservations\":{\"base\":80,\"services\":{\"a\":{}}}}x",
    ])
    func aFileThatIsWrongIsStatus78(text: String) throws {
        let store = try TemporaryStore()
        let file = store.directory + "/berth.json"
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        for words in [
            ["validate", file], ["reserve-group", file, "--force"], ["compact-exclusions", file],
        ] {
            expectRefusal(CommandRun(["port"] + words, store: store), 78, store, words)
        }
    }

    @Test(arguments: ["none.json", "", "directory"])
    func whatIsNoFileIsRefused(name: String) throws {
        let store = try TemporaryStore()
        _ = try store.makeDirectory("directory")
        let file = store.directory + "/" + name
        for words in [["validate", file], ["reserve-group", file], ["compact-exclusions", file]] {
            expectRefusal(CommandRun(["port"] + words, store: store), 78, store, words)
        }
    }

    @Test func aGroupThatCannotFitIsStatus1() throws {
        let store = try TemporaryStore()
        let file = store.directory + "/berth.json"
        let text = """
            {"ports":{"min":47300,"max":47305},"reservations":
            {"services":{"web":{},"api":{"offset":6}}}}
            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        let words = ["port", "reserve-group", file, "--force"]
        let run = CommandRun(words, store: store)
        #expect(run.status == 1 && run.output.isEmpty && run.complaints.count == 1)
        #expect(CommandRun(["port", "list", "--json"], store: store).output == "[]\n")
    }

    @Test func aGroupsBaseBeyondTheRangeIsStatus78() throws {
        let store = try TemporaryStore()
        let file = store.directory + "/berth.json"
        let text = #"{"ports":{"min":5000},"reservations":{"base":4000,"services":{"web":{}}}}"#
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        let words = ["reserve-group", file, "--force"]
        expectRefusal(CommandRun(["port"] + words, store: store), 78, store, words)
    }

    @Test(arguments: [
        ["release"], ["migrate", "--from", "/a", "--to", "/b"],
        ["reserve", "--for-pid", "\(Int32.max)"], ["run", "--for-pid", "\(Int32.max)", "true"],
    ])
    func whatIsNotThereMakesNoStore(words: [String]) throws {
        let store = try TemporaryStore()
        expectRefusal(CommandRun(["port"] + words, store: store), 66, store, words)
    }

    @Test(arguments: ["BERTH_PORT_MIN", "BERTH_SKIP_UDP", "BERTH_EXCLUDED_PORTS", "BERTH_TASK"])
    func aVariableThatIsWrongIsStatus78(name: String) throws {
        let store = try TemporaryStore()
        let run = CommandRun(
            ["port", "reserve"], store: store, variables: [name: "no\nsuch"])
        expectRefusal(run, 78, store, [name])
    }
}
