// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Testing

@testable import BerthCLI

@Suite("What is printed")
struct OutputTests {
    @Test(arguments: [
        ("a\u{1B}[31m", "a\\u{1b}[31m"), ("a\rb\nc\td", "a\\rb\\nc\\td"), ("\u{7F}", "\\u{7f}"),
        ("\u{9B}1m", "\\u{9b}1m"), ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"),
        ("\u{202E}abc\u{2066}", "\\u{202e}abc\\u{2066}"),
        ("naïve \"x\\y\" 日本", "naïve \"x\\y\" 日本"),
    ])
    func whatATerminalCouldActOnIsEscaped(text: String, escaped: String) {
        #expect(TerminalText.escaped(text) == escaped)
    }

    @Test func widthsAreThoseOfATerminal() {
        #expect(TerminalText.width("abc") == 3)
        #expect(TerminalText.width("日本") == 4)
        #expect(TerminalText.width("e\u{301}") == 1)
        #expect(TerminalText.cut("日本語", to: 5) == "日本…")
        #expect(TerminalText.cut("abcdef", to: 4) == "abc…")
        #expect(TerminalText.cut("abc", to: 3) == "abc")
    }

    @Test(arguments: [20, 40, 80])
    func aTableFitsTheTerminal(width: Int) {
        var table = Table([
            Table.Column(title: "N", isRightAligned: true),
            Table.Column(title: "PATH", canShrink: true),
        ])
        table.add(["5", String(repeating: "x", count: 200)])
        table.add(["12", "short"])
        let lines = table.lines(width: width, isColored: false)
        #expect(lines.allSatisfy { TerminalText.width($0) <= width })
        #expect(lines[2] == "12  short")
        #expect(lines[1].hasPrefix(" 5  xxx"))
        #expect(table.lines(width: nil, isColored: false)[1].hasSuffix("xxx"))
    }

    @Test(arguments: [
        (["--color", "always"], [:], Int?.none, true),
        (["--color", "never"], [:], 80, false),
        ([], [:], 80, true),
        ([], [:], nil, false),
        ([], ["NO_COLOR": "1"], 80, false),
        ([], ["NO_COLOR": ""], 80, true),
        (["--color=always"], ["NO_COLOR": "1"], nil, true),
    ])
    func colourIsForTerminalsAndForThoseWhoAsk(
        words: [String], variables: [String: String], width: Int?, isColored: Bool
    ) throws {
        let store = try TemporaryStore()
        _ = CommandRun(["kv", "set", "a", "1"], store: store)
        let run = CommandRun(
            ["kv", "list"] + words, store: store, variables: variables, width: width)
        #expect(run.status == 0)
        #expect(run.output.contains("\u{1B}") == isColored)
    }

    @Test func anAnswerThatCannotBePrintedIsStatus81() throws {
        let store = try TemporaryStore()
        let run = CommandRun(["port", "reserve"], store: store, outputFails: true)
        #expect(run.status == 81)
        #expect(run.complaints.count == 1)
        #expect(CommandRun(["port", "list", "--json"], store: store).output.contains("port"))
    }
}
