// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

@testable import BerthCLI

@Suite("Bad input")
struct BadInputTests {
    private static var long: String { String(repeating: "x", count: 256) }

    @Test(arguments: [
        ["port", "reserve", "--port", "0"], ["port", "reserve", "--port", "65536"],
        ["port", "reserve", "--port", "-1"], ["port", "reserve", "--port", "abc"],
        ["port", "reserve", "--min", "0"], ["port", "reserve", "--max", "65536"],
        ["port", "reserve", "--min", "6000", "--max", "5999"], ["port", "reserve", "--exact"],
        ["port", "reserve", "--tag", ""], ["port", "reserve", "--tag", long],
        ["port", "reserve", "--tag", "a\nb"], ["port", "reserve", "--path", ""],
        ["port", "reserve", "--path", String(repeating: "/x", count: 2048)],
        ["port", "reserve", "extra"], ["port", "release", "--port", "1"],
        ["pool", "create"], ["pool", "create", "a"], ["pool", "create", "a", "x", "x"],
        ["pool", "create", "a", ""], ["pool", "create", "a", "x\ny"],
        ["pool", "create", "a", long],
        ["pool", "create", "a b", "x"], ["pool", "create", "", "x"],
        ["pool", "create", "a/b", "x"],
        ["pool", "create", long, "x"], ["pool", "create", "a\u{1B}", "x"],
        ["pool", "create", "a", "--count", "0"], ["pool", "create", "a", "--count", "4097"],
        ["pool", "create", "a", "--count", "2", "x"], ["pool", "create", "a", "--count", "-1"],
        ["pool", "create", "a", "--count", "2", "--range", "1-2"],
        ["pool", "create", "a", "--range", "2-1"], ["pool", "create", "a", "--range", "1"],
        ["pool", "create", "a", "--range", "1-x"], ["pool", "create", "a", "--range", "-1-2"],
        ["pool", "create", "a", "--range", "0-4096"], ["pool", "create", "a", "--range", "1-"],
        ["pool", "create", "a", "--range", "0-9223372036854775807"],
        ["pool", "add", "a"], ["pool", "remove", "a"], ["pool", "drop", "a", "x"],
        ["pool", "take"], ["pool", "take", "a", "--count", "0"], ["pool", "take", "a", "-c", "x"],
        ["pool", "take", "a", "--tag", ""], ["pool", "take", "a", "--path", ""],
        ["pool", "take", "a", "--ttl", "0"], ["pool", "take", "a", "--ttl", "soon"],
        ["pool", "take", "a", "--for-pid", "0"], ["pool", "take", "a", "--for-pid", "x"],
        ["pool", "take", "a", "-n", "-w", "1"], ["pool", "take", "a", "--wait", "x"],
        ["pool", "take", "a", "--idle-days", "0"], ["pool", "take", "a", "extra"],
        ["pool", "give", "a", "--tag", "x\ny"], ["pool", "run", "a"],
        ["pool", "run", "a", "-c", "0", "true"], ["pool", "run", "a b", "true"],
        ["pool", "show"], ["pool", "list", "a"], ["pool", "steal", "a"], ["pool"],
        ["kv", "set", "a"], ["kv", "set", "a", "{"], ["kv", "set", "a", "{} {}"],
        ["kv", "set", "a", "nope"], ["kv", "set", "a", ""],
        ["kv", "set", "a", "{\"b\":1,\"b\":2}"], ["kv", "set", "", "1"],
        ["kv", "set", "a b", "1"], ["kv", "set", "a\u{1B}", "1"], ["kv", "set", "ä", "1"],
        ["kv", "set", "/a", "1"], ["kv", "set", "a/", "1"], ["kv", "set", "a//b", "1"],
        ["kv", "set", "a/../b", "1"], ["kv", "set", ".", "1"], ["kv", "set", "a\"", "1"],
        ["kv", "set", "a\\", "1"], ["kv", "set", long, "1"],
        ["kv", "set", "a", "1", "--if-version", "x"],
        ["kv", "set", "a", "1", "--if-version", "-1"],
        ["kv", "set", "a", "1", "--if-absent", "--if-version", "1"],
        ["kv", "set", "a", "1", "--if-lock", "x"], ["kv", "set", "a", "1", "--if-lock", "x:y"],
        ["kv", "set", "a", "1", "--if-lock", "x:"],
        ["kv", "list", "a b"], ["kv", "update", "a"], ["kv", "update", "a b", "true"],
        ["store", "init", "--durability", "none"],
        ["kv", "set", "a", "[" + String(repeating: "1,", count: 40_000) + "1]"],
        ["kv", "set", "--raw", "a", String(repeating: "x", count: 65_535)],
    ])
    func isOneLineAndStatus64AndChangesNothing(words: [String]) throws {
        let store = try TemporaryStore()
        let run = CommandRun(words, store: store)
        #expect(run.status == 64)
        #expect(run.output.isEmpty)
        #expect(run.complaints.count == 1)
        #expect(run.errors.hasPrefix("berth: "))
        #expect(!run.errors.dropLast().unicodeScalars.contains { $0.value < 0x20 })
        #expect(!FileManager.default.fileExists(atPath: store.path))
    }

    @Test(arguments: [
        ["port", "reserve", "--path"], ["port", "reserve", "--tag"], ["kv", "get"], ["kv", "list"],
        ["kv", "set", "--raw", "a"], ["--store"],
    ])
    func textThatIsNotUTF8IsStatus64(words: [String]) throws {
        let store = try TemporaryStore()
        var bytes = words.map { Array($0.utf8) } + [[0x61, 0xFF, 0xFE]]
        if words == ["--store"] { bytes += [Array("kv".utf8), Array("list".utf8)] }
        let run = CommandRun(bytes, store: store)
        #expect(run.status == 64)
        #expect(run.complaints.count == 1)
        #expect(!FileManager.default.fileExists(atPath: store.path))
    }

    @Test func theLongestOfEverythingIsAccepted() throws {
        let store = try TemporaryStore()
        let key = String(repeating: "k", count: 255)
        let text = String(repeating: "x", count: 65_534)
        #expect(CommandRun(["kv", "set", key, "--raw", text], store: store).status == 0)
        #expect(CommandRun(["kv", "get", key, "--raw"], store: store).output == text + "\n")
        let tag = String(repeating: "t", count: 255)
        let path = String(repeating: "/\u{1}\u{2}", count: 1365)
        let words = ["port", "reserve", "--tag", tag, "--path", path, "--allow-unrelated-path"]
        let first = CommandRun(words, store: store)
        #expect(first.status == 0)
        #expect(CommandRun(words, store: store).output == first.output)
    }

    @Test func aHostilePathIsEscapedInATable() throws {
        let store = try TemporaryStore()
        let path = "/tmp/\u{1B}[2J\r\u{202E}x"
        let words = ["port", "reserve", "--path", path, "--allow-unrelated-path"]
        #expect(CommandRun(words, store: store).status == 0)
        let table = CommandRun(["port", "list"], store: store).output
        #expect(table.contains("/tmp/\\u{1b}[2J\\r\\u{202e}x"))
        let json = CommandRun(["port", "list", "--json"], store: store).output
        #expect(!json.contains("\u{1B}") && !json.contains("\u{202E}"))
    }

    @Test func whatAPoolDoesNotHaveIsOneLineAndItsStatus() throws {
        let store = try TemporaryStore()
        func expect(_ status: Int32, _ words: String...) {
            let before = CommandRun(["store", "dump"], store: store).output
            let run = CommandRun(["pool"] + words, store: store)
            #expect(run.status == status, "\(words)")
            #expect(run.output.isEmpty && run.complaints.count == 1, "\(words)")
            #expect(CommandRun(["store", "dump"], store: store).output == before)
        }
        for words in [
            ["show"], ["take"], ["give"], ["drop"], ["add", "x"], ["remove", "x"], ["run", "true"],
        ] {
            let run = CommandRun(["pool", words[0], "gpu"] + words.dropFirst(), store: store)
            #expect(run.status == 66)
            #expect(run.complaints.count == 1)
            #expect(!FileManager.default.fileExists(atPath: store.path), "\(words)")
        }
        #expect(CommandRun(["pool", "create", "gpu", "a", "b", "c"], store: store).status == 0)
        expect(1, "create", "gpu", "a")
        expect(1, "take", "gpu", "--count", "4")
        expect(1, "run", "gpu", "--count", "4", "true")
        expect(66, "take", "gpu", "--for-pid", "\(Int32.max)")
        expect(66, "give", "gpu")
        expect(66, "give", "gpu", "a")
        expect(66, "give", "gpu", "x")
        expect(66, "remove", "gpu", "x")
        expect(1, "remove", "gpu", "a", "b", "c")
        expect(1, "add", "gpu", "d", "a")
        #expect(CommandRun(["pool", "take", "gpu", "-c", "3"], store: store).output == "a\nb\nc\n")
        expect(75, "take", "gpu", "-n", "-t", "other")
        expect(124, "take", "gpu", "-w", "0", "-t", "other")
        expect(75, "run", "gpu", "-n", "true")
        expect(1, "take", "gpu", "-c", "2")
        expect(76, "give", "gpu", "a", "-t", "other")
        expect(66, "give", "gpu", "-t", "other")
        expect(75, "remove", "gpu", "a")
        expect(75, "drop", "gpu")
        #expect(CommandRun(["pool", "remove", "gpu", "a", "--force"], store: store).status == 0)
        #expect(CommandRun(["pool", "drop", "gpu", "--force"], store: store).status == 0)
        expect(66, "show", "gpu")
    }
}
