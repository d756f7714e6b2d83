// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BerthCLI

@Suite("Reading a command line")
struct ArgumentReaderTests {
    private static var syntax: CommandSyntax {
        CommandSyntax(
            name: "try", summary: "", operands: ["NAME"], tail: .optional,
            options: [
                .flag("shared", "s", ""), .flag("no-wait", "n", ""),
                .value("wait", "w", "TIME", ""),
                .value("and", nil, "NAME", "", isRepeatable: true),
            ])
    }

    private func read(_ words: [String], _ syntax: CommandSyntax = syntax) throws -> ArgumentReader
    {
        var reader = ArgumentReader(words.map { Argument($0) })
        try reader.read(syntax)
        return reader
    }

    private func complaint(_ words: [String], _ syntax: CommandSyntax = syntax) -> String? {
        do {
            _ = try read(words, syntax)
            return nil
        } catch {
            return (error as? UsageError)?.line
        }
    }

    @Test(arguments: [
        ["-s", "-w", "5", "x", "make", "-j"], ["x", "-s", "-w5", "make", "-j"],
        ["x", "--shared", "--wait=5", "--", "make", "-j"], ["-sw5", "x", "make", "-j"],
        ["-sw", "5", "x", "--", "make", "-j"], ["--wait", "5", "x", "-s", "--", "make", "-j"],
    ])
    func optionsStandBeforeOrAfterTheName(words: [String]) throws {
        let reader = try read(words)
        #expect(reader.has("shared"))
        #expect(try reader.duration("wait") == .seconds(5))
        #expect(reader.operands == ["x"])
        #expect(reader.tail == ["make", "-j"])
    }

    @Test func nothingBehindTheCommandIsLookedAt() throws {
        let reader = try read(["x", "sh", "--unknown", "--", "-s", "--store", "y"])
        #expect(reader.tail == ["sh", "--unknown", "--", "-s", "--store", "y"])
        #expect(!reader.has("shared"))
        #expect(reader.value("store") == nil)
    }

    @Test func onlyTheFirstTerminatorIsOne() throws {
        #expect(try read(["x", "--", "--", "y"]).tail == ["--", "y"])
        #expect(try read(["x", "--"]).tail.isEmpty)
    }

    @Test func aTerminatorEndsTheOptionsWhereNoCommandIsRun() throws {
        let syntax = CommandSyntax(name: "try", summary: "", operands: ["KEY", "[VALUE]"])
        #expect(try read(["--", "-a", "--b"], syntax).operands == ["-a", "--b"])
        #expect(try read(["a", "-", "--json"], syntax).operands == ["a", "-"])
        #expect(try read(["a", "-1"], syntax).operands == ["a", "-1"])
    }

    @Test func aRepeatableOptionKeepsItsOrder() throws {
        let reader = try read(["--and", "b", "a", "--and=c"])
        #expect(try reader.texts("and") == ["b", "c"])
    }

    @Test func valuesMayBeEmptyAndMayLookLikeOptions() throws {
        #expect(try read(["--and=", "x"]).texts("and") == [""])
        #expect(try read(["--and", "-s", "x"]).texts("and") == ["-s"])
    }

    @Test(arguments: [
        (["--what", "x"], "there is no option --what"),
        (["-sz", "x"], "there is no option -z"),
        (["-é", "x"], "there is no option -é"),
        (["--sha\u{1B}[0m", "x"], "there is no option --sha\\u{1b}[0m"),
        (["-s", "x", "-s"], "--shared is given twice"),
        (["--wait", "1", "-w2", "x"], "--wait is given twice"),
        (["x", "--wait"], "--wait needs a value: TIME"),
        (["--shared=yes", "x"], "--shared takes no value"),
        (["-s"], "NAME is missing"),
        (["--", "make"], "NAME is missing"),
    ])
    func whatCannotBeUnderstoodIsRefused(words: [String], message: String) {
        #expect(complaint(words) == message + "; see berth help try")
    }

    @Test func wordsAreCounted() {
        let plain = CommandSyntax(name: "try", summary: "", operands: ["[A]"])
        #expect(complaint([], plain) == nil)
        #expect(complaint(["a", "b"], plain) == "'b' is one word too many; see berth help try")
        let running = CommandSyntax(name: "try", summary: "", operands: ["A"], tail: .required)
        #expect(
            complaint(["a", "--"], running)
                == "the command to run is missing; see berth help try")
    }

    @Test func whoAsksForHelpNeedNotSayEverything() throws {
        #expect(try read(["--help"]).has("help"))
    }

    @Test(arguments: ["0", "65536", "-1", "abc", "", "1e3", " 5", "99999999999999999999"])
    func aNumberOutsideItsBoundsIsRefused(text: String) throws {
        let syntax = CommandSyntax(
            name: "try", summary: "", options: [.value("port", nil, "PORT", "")])
        let reader = try read(["--port", text], syntax)
        #expect(throws: UsageError.self) { try reader.integer("port", in: 1...65_535) }
    }

    @Test func textThatIsNotUTF8IsRefusedButACommandKeepsIt() throws {
        var reader = ArgumentReader([Argument(bytes: [0xFF]), Argument(bytes: [0xFE])])
        try reader.read(Self.syntax)
        #expect(throws: UsageError.self) { try reader.requiredText(operand: 0, "NAME") }
        #expect(reader.tail.map(\.bytes) == [[0xFE]])
    }
}

@Suite("Lengths of time")
struct DurationTextTests {
    @Test(arguments: [
        ("250ms", Duration.milliseconds(250)), ("10s", .seconds(10)), ("2m", .seconds(120)),
        ("1h30m", .seconds(5400)), ("1d", .seconds(86_400)), ("0", .zero), ("10", .seconds(10)),
        ("0.25", .milliseconds(250)), ("1.5s", .milliseconds(1500)),
        ("1m0.5s", .milliseconds(60_500)),
        ("0.000000001", .nanoseconds(1)), ("0.5ms", .microseconds(500)),
        ("1h2m3s4ms", .milliseconds(3_723_004)), ("36525d", .seconds(36_525 * 86_400)),
    ])
    func isRead(text: String, duration: Duration) {
        #expect(DurationText.duration(Array(text.utf8)) == duration)
    }

    @Test(arguments: [
        "", " ", "-1", "+1", "abc", "s", "1x", "1s1s", "30m1h", "1ms1s", "1.", ".5", "1.5h30m",
        "1 s",
        "1h30", "0x10", "1e3", "inf", "nan", "1S", "36526d", "9999999999999", "1.0000000001",
        "18446744073709551616", "1s ", "١",
    ])
    func isRefused(text: String) {
        #expect(DurationText.duration(Array(text.utf8)) == nil)
    }
}
