// SPDX-License-Identifier: Apache-2.0

/// An option of a command: what the reader accepts, what the help says and
/// what the shells complete.
struct OptionSyntax {
    /// Without its dashes, such as `wait`.
    let name: String
    /// The one letter that stands for it, or none.
    let letter: String?
    /// What its value is called, such as `TIME`; nil where it takes none.
    let value: String?
    let summary: String
    let isRepeatable: Bool

    static func flag(_ name: String, _ letter: String?, _ summary: String) -> OptionSyntax {
        OptionSyntax(
            name: name, letter: letter, value: nil, summary: summary, isRepeatable: false)
    }

    static func value(
        _ name: String, _ letter: String?, _ value: String, _ summary: String,
        isRepeatable: Bool = false
    ) -> OptionSyntax {
        OptionSyntax(
            name: name, letter: letter, value: value, summary: summary,
            isRepeatable: isRepeatable)
    }
}

/// Whether a command runs another one, given by the rest of its words.
enum CommandTail {
    case none, optional, required
    /// It may, and then `--` stands before that one.
    case afterDashes
    /// All words are the command's own to read, options of every command included.
    case verbatim
}

/// What may stand on the command line of one command.
struct CommandSyntax {
    /// The words that name it, such as `port reserve`.
    let name: String
    /// One line without a full stop.
    let summary: String
    /// What its words stand for, in order; one in brackets may be left out,
    /// and a last one with an ellipsis stands for any number of words.
    var operands: [String] = []
    var tail: CommandTail = .none
    var options: [OptionSyntax] = []
    /// More for its help: whole lines, at most 80 columns wide.
    var details: String = ""

    /// The options that every command takes, before or after its name.
    static var global: [OptionSyntax] {
        [
            .value("store", nil, "DIR", "use the store in DIR, not $BERTH_STORE or the default"),
            .flag("json", nil, "print the answer as JSON"),
            .flag("quiet", "q", "print failures only, besides the answer"),
            .flag("verbose", "v", "say more of what happens"),
            .flag("log-json", nil, "say what happens on standard error, as lines of JSON"),
            .value("color", nil, "WHEN", "colour tables: auto, always or never"),
            .flag("help", "h", "print the help of the command"),
            .flag("version", nil, "print the version of berth"),
        ]
    }

    /// All options that may stand on its command line.
    var acceptedOptions: [OptionSyntax] {
        tail == .verbatim ? options : options + Self.global
    }

    /// Whether more words may follow than there are operands.
    var isOpenEnded: Bool {
        guard let last = operands.last?.utf8 else { return false }
        return last.suffix(3).elementsEqual("…".utf8) || last.suffix(4).elementsEqual("…]".utf8)
    }

    /// The first line of its help.
    var usage: String {
        var line = "berth " + name
        if !options.isEmpty { line += " [OPTION…]" }
        for operand in operands { line += " " + operand }
        switch tail {
        case .none, .verbatim: break
        case .optional: line += " [[--] COMMAND [ARG…]]"
        case .required: line += " [--] COMMAND [ARG…]"
        case .afterDashes: line += " [-- COMMAND [ARG…]]"
        }
        return line
    }
}
