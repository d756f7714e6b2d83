// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

@testable import BerthCLI

@Suite("The commands on ports")
struct PortCommandTests {
    private let store: TemporaryStore
    private static var range: [String] { ["--min", "47300", "--max", "47399"] }

    init() throws {
        store = try TemporaryStore()
    }

    private func run(_ words: String..., variables: [String: String] = [:]) -> CommandRun {
        CommandRun(["port"] + words, store: store, variables: variables)
    }

    private func reserve(_ words: String...) -> CommandRun {
        CommandRun(
            ["port", "reserve", "--allow-unrelated-path"] + Self.range + words, store: store)
    }

    @Test func aDirectoryElsewhereIsRefusedUnlessAllowed() {
        let refused = run("reserve", "--path", "/nowhere/at/all")
        #expect(refused.status == 1 && refused.output.isEmpty)
        #expect(refused.errors.contains("--allow-unrelated-path"))
        #expect(run("release", "--path", "/nowhere/at/all").status == 1)
        #expect(reserve("--path", "/nowhere/at/all").output == "47300\n")
        let variables = ["BERTH_ALLOW_UNRELATED_PATH": "true", "BERTH_PATH": "/nowhere/at/all"]
        #expect(run("reserve", variables: variables).output == "47300\n")
        #expect(run("release", "--force", "--path", "/nowhere/at/all").status == 0)
        // Above and below the current directory.
        #expect(run("reserve", "--path", "..", "--dry-run").status == 0)
        #expect(run("reserve", "--path", "below/it", "--dry-run").status == 0)
    }

    @Test func dryRunsChangeNothing() {
        #expect(run("reserve", "--dry-run").output.hasPrefix("would reserve port "))
        #expect(run("init", "--with-config", "--dry-run").output.contains("would make the store"))
        #expect(!FileManager.default.fileExists(atPath: store.path))
        _ = reserve("--path", "/a")
        for words in [
            ["release", "--path", "/a", "--force"], ["prune"], ["autoclean", "--days", "0"],
            ["expire", "--days", "0"], ["migrate", "--from", "/a", "--to", "/b"],
            ["reserve", "--path", "/a", "--force"],
        ] {
            let plan = CommandRun(["port"] + words + ["--dry-run"], store: store)
            #expect(plan.status == 0)
            #expect(plan.output.hasPrefix("would "), "\(words)")
        }
        #expect(run("list", "--format", "csv").output.contains("47300,/a,"))
    }

    @Test func listsHaveFourFormsAndThreeFilters() throws {
        _ = reserve("--path", "/w/a", "--project", "shop, \"big\"", "--task", "t")
        _ = reserve("--path", "/w/ab", "--tag", "web")
        let lines = run("list", "--format", "csv").output.split(separator: "\n")
        #expect(lines[0] == "port,path,tag,project,task,created_at,last_used_at")
        #expect(lines[1].hasPrefix("47300,/w/a,,\"shop, \"\"big\"\"\",t,20"))
        #expect(lines[2].hasPrefix("47301,/w/ab,web,,,20"))
        #expect(run("list", "--format", "tsv").output.contains("47301\t/w/ab\tweb\t"))
        #expect(run("list", "--format", "json").output == run("list", "--json").output)
        let times = /"created_at":"20[^"]*Z","last_used_at":"20[^"]*Z"}/
        #expect(run("list", "--json").output.matches(of: times).count == 2)
        #expect(run("list", "--format", "JSON").output == run("list", "--json").output)
        let csv = ["BERTH_OUTPUT_FORMAT": "csv"]
        #expect(run("list", variables: csv).output == run("list", "--format", "csv").output)
        #expect(run("list").output.contains("PROJECT"))
        for (filter, port) in [
            (["--filter-path", "/w/a"], "47300"), (["--filter-tag", "web"], "47301"),
            (["--filter-project", "shop, \"big\""], "47300"),
        ] {
            let run = CommandRun(["port", "list", "--format", "csv"] + filter, store: store)
            #expect(
                run.output.split(separator: "\n").dropFirst().map { $0.prefix(5) } == [port[...]])
        }
        #expect(run("list-projects").output == "shop, \"big\"\n")
    }

    @Test func assertionsAreStatuses() {
        _ = reserve("--path", "/a", "--tag", "web")
        #expect(run("assert-port", "47300").status == 0)
        #expect(run("assert-port", "47300", "--not").status == 1)
        #expect(run("assert-port", "47301").status == 1)
        #expect(run("assert-port", "47301", "--not").status == 0)
        let present = run("assert-reservation", "--path", "/a", "--tag", "web")
        #expect(present.status == 0 && present.output == "47300\n")
        #expect(run("assert-reservation", "--path", "/a", "--tag", "web", "--not").status == 1)
        let untagged = run("assert-reservation", "--path", "/a")
        #expect(untagged.status == 1 && untagged.errors.contains("/a has no port without a tag"))
        #expect(run("assert-reservation", "--path", "/a", "--not").status == 0)
    }

    @Test func aPortInUseIsToldWithItsProcess() throws {
        let socket = try #require(try TestSocket(.listeningStream, "127.0.0.1"))
        let port = String(socket.port)
        let info = run("info", port, "--include-occupancy", "--json")
        #expect(info.output.hasPrefix("{\"port\":" + port + ",\"reserved\":false,\"uses\":[{"))
        #expect(info.output.contains("\"protocol\":\"tcp\",\"family\":\"ipv4\""))
        #if os(Linux)
            let own = String(ProcessInfo.processInfo.processIdentifier)
            #expect(info.output.contains("\"process\":" + own))
            let scan = run("scan", "--min", port, "--max", port, "--format", "csv")
            #expect(scan.output.contains(port + ",tcp,ipv4," + own + ","))
        #endif
        #expect(run("scan", "--min", port, "--max", port, "--skip-tcp", "--json").output == "[]\n")
        #expect(run("info", port).output == "port " + port + " is not reserved\n")
    }

    @Test func aDirectoryThatIsGoneIsTold() throws {
        let directory = try store.makeDirectory("place")
        #expect(reserve("--path", directory).output == "47300\n")
        #expect(!run("info", "47300").output.contains("directory"))
        #expect(run("info", "47300", "--json").output.contains(",\"lost\":false}"))
        try FileManager.default.removeItem(atPath: directory)
        #expect(run("info", "47300").output.contains("\ndirectory: is gone\n"))
        #expect(run("info", "47300", "--json").output.contains(",\"lost\":true}"))
    }

    @Test func portsInUseAreExcludedOnRequest() throws {
        let socket = try #require(try TestSocket(.listeningStream, "127.0.0.1"))
        let port = String(socket.port)
        let words = ["port", "scan", "--min", port, "--max", port, "--autoexclude"]
        #expect(CommandRun(words, store: store).errors.contains("excluded " + port))
        #expect(CommandRun(words, store: store).errors.isEmpty)
        socket.close()
        let refused = CommandRun(["port", "reserve", "--min", port, "--max", port], store: store)
        #expect(refused.status == 1)
        let taken = run("reserve", "--port", port, "--ignore-exclusions", "--ignore-occupied")
        #expect(taken.output == port + "\n")
        #expect(run("exclude", port, "--global").errors.contains("already"))
    }

    @Test func aReservedPortIsExcludedByForceAlone() throws {
        _ = reserve("--path", "/a")
        #expect(run("exclude", "--global", "47290..47310").status == 1)
        #expect(!FileManager.default.fileExists(atPath: store.path + "/config.json"))
        #expect(run("exclude", "--global", "47290..47310", "--force").status == 0)
        #expect(run("validate", store.path + "/config.json").status == 0)
        #expect(reserve("--path", "/b").output == "47311\n")
        #expect(
            CommandRun(["store", "doctor"], store: store).output.contains("config.json") == false)
    }

    @Test func whatIsNotThereCanBeReleasedByNobody() {
        #expect(run("release").status == 66)
        #expect(run("release", "--recursive").status == 66)
        #expect(run("migrate", "--from", "/a", "--to", "/b").status == 66)
        #expect(run("reserve", "--for-pid", "2147483647").status == 66)
    }

    @Test func aStoreIsNotMadeWhereThatIsForbidden() {
        let refused = run("reserve", variables: ["BERTH_DISABLE_AUTOINIT": "1"])
        #expect(refused.status == 66)
        #expect(!FileManager.default.fileExists(atPath: store.path))
        #expect(run("init", "--with-config").status == 0)
        #expect(run("validate", store.path + "/config.json").status == 0)
        #expect(run("reserve", variables: ["BERTH_DISABLE_AUTOINIT": "1"]).status == 0)
    }

    @Test func aPathIsShownAsItWouldBeKept() throws {
        let target = try store.makeDirectory("target")
        let link = store.directory + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "target")
        #expect(run("show-path", "--path", link + "/../link/").output == link + "\n")
        #expect(run("show-path", "--path", link, "--canonicalize").output == target + "\n")
        #expect(run("show-path", "--path", "/none", "--canonicalize").status != 0)
    }

    @Test(arguments: [
        ["reserve-group", "FILE", "--format", "dotenv"], ["reserve-group", "FILE", "--json"],
        ["reserve-group", "FILE", "--format", "human"],
        ["reserve-group", "FILE", "--shell", "fish"],
        ["reserve-group", "FILE", "--shell", "pwsh"],
        ["reserve-group", "FILE", "--shell", "bash"],
    ])
    func aGroupIsPrintedInEachForm(words: [String]) throws {
        let file = store.directory + "/berth.json"
        let text = """
            {"ports":{"min":47300,"max":47399},"allow_unrelated_path":true,"reservations":
            {"services":{"web":{"env":"WEB_PORT"},"my-api":{"offset":1}}}}
            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        let run = CommandRun(["port"] + words.map { $0 == "FILE" ? file : $0 }, store: store)
        #expect(run.status == 0)
        let expected: String
        switch words.last {
        case "dotenv": expected = "MY_API=47301\nWEB_PORT=47300\n"
        case "--json": expected = "{\"my-api\":47301,\"web\":47300}\n"
        case "fish": expected = "set -gx MY_API 47301\nset -gx WEB_PORT 47300\n"
        case "pwsh": expected = "$env:MY_API=\"47301\"\n$env:WEB_PORT=\"47300\"\n"
        case "bash": expected = "export MY_API=47301\nexport WEB_PORT=47300\n"
        default:
            expected = """
                SERVICE   PORT  VARIABLE
                my-api   47301  MY_API
                web      47300  WEB_PORT

                """
        }
        #expect(run.output == expected)
    }
}
