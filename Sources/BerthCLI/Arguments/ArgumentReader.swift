// SPDX-License-Identifier: Apache-2.0

/// Reads a command line: first its words are told apart (options, their
/// values, operands, the command to run), then each is read as what it stands
/// for.
///
/// Options may stand anywhere before the command to run, which begins at the
/// first word that is no operand, or after `--`. Nothing behind that point is
/// looked at.
struct ArgumentReader {
    /// An option as it stands on the command line.
    struct Occurrence {
        let option: OptionSyntax
        let value: Argument?
    }

    private let arguments: [Argument]
    private var position = 0
    private(set) var occurrences: [Occurrence] = []
    /// The words that are not options.
    private(set) var operands: [Argument] = []
    /// The command to run, and its words.
    private(set) var tail: [Argument] = []
    /// The names of the command so far, for messages.
    private var command = ""

    init(_ arguments: [Argument]) {
        self.arguments = arguments
    }

    func failure(_ message: String) -> UsageError {
        UsageError(message, command: command)
    }

    /// The next word beside the global options, which names a command; nil
    /// where there is none.
    mutating func name() throws(UsageError) -> String? {
        guard let word = try word(beside: []) else { return nil }
        return word.text ?? word.quoted
    }

    /// Tells the remaining words apart by a command's syntax.
    mutating func read(_ syntax: CommandSyntax) throws(UsageError) {
        command = syntax.name
        if syntax.tail == .verbatim {
            tail = Array(arguments[position...])
            position = arguments.count
            return
        }
        let beginsAtWord = syntax.tail == .optional || syntax.tail == .required
        while !beginsAtWord || operands.count < syntax.operands.count {
            guard let operand = try word(beside: syntax.options) else { break }
            operands.append(operand)
        }
        if beginsAtWord, let first = try word(beside: syntax.options) {
            tail = [first] + arguments[position...]
        } else if position < arguments.count {
            // At `--`: what follows is not looked at.
            let rest = arguments[(position + 1)...]
            if syntax.tail == .none { operands += rest } else { tail += rest }
        }
        position = arguments.count
        // Whoever asks for help need not have said everything.
        if has("help") || has("version") { return }
        try checkCounts(syntax)
    }

    private func checkCounts(_ syntax: CommandSyntax) throws(UsageError) {
        if operands.count > syntax.operands.count && !syntax.isOpenEnded {
            throw failure(operands[syntax.operands.count].quoted + " is one word too many")
        }
        if operands.count < syntax.operands.count {
            let missing = syntax.operands[operands.count]
            if missing.utf8.first != UInt8(ascii: "[") { throw failure(missing + " is missing") }
        }
        if syntax.tail == .required && tail.isEmpty {
            throw failure("the command to run is missing")
        }
    }

    // MARK: Words

    /// Reads options up to the next word and returns that; nil at the end, and
    /// at `--`, which is left where it is.
    private mutating func word(beside options: [OptionSyntax]) throws(UsageError) -> Argument? {
        while position < arguments.count {
            let argument = arguments[position]
            switch Shape(argument.bytes) {
            case .terminator:
                return nil
            case .word:
                position += 1
                return argument
            case .long:
                position += 1
                try readLong(argument.bytes.dropFirst(2), options)
            case .letters:
                position += 1
                try readLetters(argument.bytes.dropFirst(), options)
            }
        }
        return nil
    }

    /// What a word is by its first bytes. A lone `-` and a negative number are words.
    private enum Shape {
        case word, letters, long, terminator

        init(_ bytes: [UInt8]) {
            let second = bytes.count > 1 && bytes[0] == UInt8(ascii: "-") ? bytes[1] : nil
            switch second {
            case nil, (UInt8(ascii: "0")...UInt8(ascii: "9"))?: self = .word
            case UInt8(ascii: "-"): self = bytes.count == 2 ? .terminator : .long
            default: self = .letters
            }
        }
    }

    // MARK: Options

    /// `--name`, `--name value` or `--name=value`.
    private mutating func readLong(
        _ bytes: ArraySlice<UInt8>, _ options: [OptionSyntax]
    ) throws(UsageError) {
        let sign = bytes.firstIndex(of: UInt8(ascii: "="))
        let name = Argument(bytes: Array(bytes[..<(sign ?? bytes.endIndex)]))
        let attached = sign.map { Argument(bytes: Array(bytes[($0 + 1)...])) }
        guard let option = option(options, where: { $0.name.utf8.elementsEqual(name.bytes) })
        else {
            throw failure("there is no option --" + name.escaped)
        }
        if option.value == nil && attached != nil {
            throw failure("--" + option.name + " takes no value")
        }
        try note(option, attached: attached)
    }

    /// `-a`, `-abc`, `-w value` or `-wvalue`.
    private mutating func readLetters(
        _ letters: ArraySlice<UInt8>, _ options: [OptionSyntax]
    ) throws(UsageError) {
        var rest = letters
        while let letter = rest.popFirst() {
            let found = option(options) { $0.letter?.utf8.first == letter }
            guard let option = found else {
                let first = String(decoding: [letter] + rest, as: UTF8.self).prefix(1)
                throw failure("there is no option -" + Argument(String(first)).escaped)
            }
            let takesRest = option.value != nil && !rest.isEmpty
            try note(option, attached: takesRest ? Argument(bytes: Array(rest)) : nil)
            if takesRest { return }
        }
    }

    private func option(
        _ options: [OptionSyntax], where matches: (OptionSyntax) -> Bool
    ) -> OptionSyntax? {
        options.first(where: matches) ?? CommandSyntax.global.first(where: matches)
    }

    /// Notes an option, and takes its value from the next word where none is attached.
    private mutating func note(
        _ option: OptionSyntax, attached: Argument?
    ) throws(UsageError) {
        var value = attached
        if let name = option.value, value == nil {
            guard position < arguments.count else {
                throw failure("--" + option.name + " needs a value: " + name)
            }
            value = arguments[position]
            position += 1
        }
        if !option.isRepeatable && has(option.name) {
            throw failure("--" + option.name + " is given twice")
        }
        occurrences.append(Occurrence(option: option, value: value))
    }
}
