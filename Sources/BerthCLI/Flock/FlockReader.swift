// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Reads a command line as `flock(1)` does, whose ways are not those of
/// `berth`: a long option may be cut short, the last of several counts, and
/// the first word that is no option ends them.
struct FlockReader {
    private let words: [Argument]
    private let options: [OptionSyntax]
    private var position = 0
    private var plan = FlockPlan(lock: UserFileLock(.descriptor(-1), .exclusive, range: nil))
    private var kind = FileLockKind.exclusive
    private var range: FileLockRange?
    /// The value of `--fd`.
    private var descriptor: Int32?
    private var isShellCommand = false

    /// Reads the words that follow the command's name.
    static func request(
        _ words: [Argument], _ options: [OptionSyntax]
    ) throws(FlockUsageError) -> FlockRequest {
        if words.isEmpty {
            throw FlockUsageError(message: "not enough arguments", pointsToHelp: true)
        }
        var reader = FlockReader(words: words, options: options)
        return try reader.request()
    }

    private init(words: [Argument], options: [OptionSyntax]) {
        self.words = words
        self.options = options
    }

    private mutating func request() throws(FlockUsageError) -> FlockRequest {
        while let word = nextOption() {
            if let request = try read(word) { return request }
        }
        if !plan.isOwnProcess && plan.isFileClosed {
            throw FlockUsageError(message: "the --no-fork and --close options are incompatible")
        }
        let subject = try subject()
        plan.lock = UserFileLock(subject, kind, range: range)
        return .lock(plan)
    }

    // MARK: Operands

    /// What is locked. The command, where there is one, goes into the plan.
    private mutating func subject() throws(FlockUsageError) -> UserFileLock.Subject {
        let rest = words[position...]
        if isShellCommand {
            plan.command = .shell(try only(rest, of: words[position - 1]))
        } else if let first = rest.first, descriptor == nil {
            let command = rest.dropFirst()
            guard let name = command.first else {
                let number = try integer(
                    first, "invalid file descriptor", in: .min...Int64(Int32.max))
                return try checked(Int32(truncatingIfNeeded: max(number, -1)))
            }
            if Self.asksForShell(name) {
                plan.command = .shell(try only(command.dropFirst(), of: name))
            } else {
                plan.command = .words(Array(command))
            }
            return .file(first.bytes)
        } else if rest.isEmpty {
            if descriptor != nil { throw FlockUsageError(message: "missing command") }
        } else {
            plan.command = .words(Array(rest))
        }
        return try checked(descriptor)
    }

    private func checked(_ descriptor: Int32?) throws(FlockUsageError) -> UserFileLock.Subject {
        guard let descriptor, descriptor >= 0 else {
            throw FlockUsageError(message: "missing file descriptor, file or directory")
        }
        return .descriptor(descriptor)
    }

    private func only(
        _ words: ArraySlice<Argument>, of option: Argument
    ) throws(FlockUsageError) -> Argument {
        guard let word = words.first, words.count == 1 else {
            throw FlockUsageError(
                message: option.text(cutTo: 60) + " requires exactly one command argument")
        }
        return word
    }

    private static func asksForShell(_ word: Argument) -> Bool {
        word == "-c" || word == "--command"
    }

    // MARK: Options

    /// The next word that is an option; nil at the first that is none.
    private mutating func nextOption() -> Argument? {
        guard position < words.count else { return nil }
        let word = words[position]
        guard word.bytes.count > 1, word.bytes[0] == UInt8(ascii: "-") else { return nil }
        position += 1
        return word == "--" ? nil : word
    }

    /// Reads the options of one word; a request that needs no more ends it all.
    private mutating func read(_ word: Argument) throws(FlockUsageError) -> FlockRequest? {
        if Self.asksForShell(word) {
            isShellCommand = true
            return nil
        }
        if word.bytes.starts(with: "--".utf8) { return try readLong(word) }
        var letters = word.bytes.dropFirst()
        while let letter = letters.popFirst() {
            guard let option = option(letter) else { throw unrecognized(word) }
            var value: Argument?
            if option.value != nil, !letters.isEmpty {
                value = Argument(bytes: Array(letters))
                letters = []
            }
            if let request = try note(option, value, of: word) { return request }
        }
        return nil
    }

    private mutating func readLong(_ word: Argument) throws(FlockUsageError) -> FlockRequest? {
        let body = word.bytes.dropFirst(2)
        let sign = body.firstIndex(of: UInt8(ascii: "="))
        let name = body[..<(sign ?? body.endIndex)]
        let value = sign.map { Argument(bytes: Array(body[($0 + 1)...])) }
        guard let option = option(named: name), option.value != nil || value == nil else {
            throw unrecognized(word)
        }
        return try note(option, value, of: word)
    }

    private func option(_ letter: UInt8) -> OptionSyntax? {
        // One letter more stands for what is the default anyway.
        let letter = letter == UInt8(ascii: "e") ? UInt8(ascii: "x") : letter
        return options.first { $0.letter?.utf8.first == letter && $0.name != "command" }
    }

    /// The option of a name, or the only one that begins with it.
    private func option(named name: ArraySlice<UInt8>) -> OptionSyntax? {
        let candidates = options.filter { $0.name != "command" && $0.name.utf8.starts(with: name) }
        let exact = candidates.first { $0.name.utf8.count == name.count }
        return exact ?? (candidates.count == 1 ? candidates.first : nil)
    }

    private func unrecognized(_ word: Argument) -> FlockUsageError {
        FlockUsageError(
            message: "unrecognized option '" + word.text(cutTo: 60) + "'", pointsToHelp: true)
    }

    /// Notes an option, and takes its value from the next word where none is attached.
    private mutating func note(
        _ option: OptionSyntax, _ attached: Argument?, of word: Argument
    ) throws(FlockUsageError) -> FlockRequest? {
        guard option.value != nil else { return note(option.name) }
        if let attached {
            try note(option.name, attached)
            return nil
        }
        guard position < words.count else {
            throw FlockUsageError(
                message: "option '" + word.text(cutTo: 60) + "' requires an argument",
                pointsToHelp: true)
        }
        position += 1
        try note(option.name, words[position - 1])
        return nil
    }

    private mutating func note(_ flag: String) -> FlockRequest? {
        switch flag {
        case "help": return .help
        case "version": return .version
        case "shared": kind = .shared
        case "exclusive": kind = .exclusive
        case "unlock": kind = .unlocked
        case "nonblocking", "nb": plan.isWaiting = false
        case "close": plan.isFileClosed = true
        case "no-fork": plan.isOwnProcess = false
        case "verbose": plan.isVerbose = true
        case "fcntl": range = range ?? FileLockRange(start: 0, length: 0)
        default: preconditionFailure("Berth: an option of flock that nothing is done about")
        }
        return nil
    }

    private mutating func note(_ name: String, _ value: Argument) throws(FlockUsageError) {
        switch name {
        case "timeout", "wait":
            plan.microseconds = try Self.number(value, "invalid timeout", FlockNumber.microseconds)
        case "conflict-exit-code":
            plan.conflictStatus = Int32(
                try integer(value, "invalid exit code (allowed values: 0-255)", in: 0...255))
        case "fd":
            let number = try integer(
                value, "invalid file descriptor", in: .min...Int64(Int32.max))
            descriptor = Int32(max(number, -1))
        case "start":
            range = FileLockRange(
                start: try size(value, "invalid as start offset"),
                length: range?.length ?? 0)
        case "length":
            range = FileLockRange(
                start: range?.start ?? 0,
                length: try size(value, "invalid as length of lock range"))
        default: preconditionFailure("Berth: an option of flock that nothing is done about")
        }
    }

    private func integer(
        _ word: Argument, _ complaint: String, in bounds: ClosedRange<Int64>
    ) throws(FlockUsageError) -> Int64 {
        try Self.number(word, complaint) { text throws(FlockNumber.Problem) in
            try FlockNumber.integer(text, in: bounds)
        }
    }

    private func size(_ word: Argument, _ complaint: String) throws(FlockUsageError) -> Int64 {
        try Self.number(word, complaint, malformed: .invalid, FlockNumber.size)
    }

    /// A number, or the complaint about it with the reason that the C library
    /// would give; it gives none for most that are malformed.
    private static func number(
        _ word: Argument, _ complaint: String, malformed: Errno? = nil,
        _ read: ([UInt8]) throws(FlockNumber.Problem) -> Int64
    ) throws(FlockUsageError) -> Int64 {
        do throws(FlockNumber.Problem) {
            return try read(word.bytes)
        } catch {
            let reason = error == .outOfRange ? .outOfRange : malformed
            throw FlockUsageError(
                message: complaint + ": '" + word.text(cutTo: 60) + "'"
                    + (reason.map { ": " + $0.description } ?? ""))
        }
    }
}

extension Argument {
    /// The word as text for a message, cut where it is long.
    fileprivate func text(cutTo width: Int) -> String {
        TerminalText.cut(String(decoding: bytes, as: UTF8.self), to: width)
    }
}
