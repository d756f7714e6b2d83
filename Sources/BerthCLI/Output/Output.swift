// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// What a command says. The answer goes to standard output, in one piece when
/// the command is done; everything else goes to standard error, a line at a
/// time, and begins with `berth: `.
final class Output {
    private let streams: Streams
    private let settings: Settings
    private var answer: [UInt8] = []
    /// Why a part of the answer could not be written.
    private var failure: SystemError?

    private static var longestPart: Int { 64 * 1024 }

    init(_ streams: Streams, _ settings: Settings) {
        self.streams = streams
        self.settings = settings
    }

    // MARK: The answer

    /// Adds a line of text to the answer.
    func print(_ line: String) {
        print(bytes: Array(line.utf8))
    }

    /// Adds a line of bytes, such as JSON, to the answer.
    func print(bytes line: [UInt8]) {
        answer += line
        answer.append(UInt8(ascii: "\n"))
    }

    /// Adds a line of JSON to the answer.
    func print(json: JSONWriter) {
        print(bytes: json.bytes)
    }

    /// Adds a table, as wide as the terminal at most, unless it is not to be cut.
    func print(_ table: Table, isCut: Bool = true) {
        let width = streams.answerWidth()
        let isColored =
            switch settings.color {
            case .always: true
            case .never: false
            case .auto: width != nil
            }
        for line in table.lines(width: isCut ? width : nil, isColored: isColored) { print(line) }
    }

    /// Adds a line to an answer that may be long, and writes out what has
    /// gathered. Returns false where nobody takes it any more.
    func print(part line: [UInt8]) -> Bool {
        print(bytes: line)
        if answer.count < Self.longestPart { return true }
        do throws(SystemError) {
            try flush()
        } catch {
            failure = error
        }
        return failure == nil
    }

    /// Adds bytes that somebody waits for to the answer, and writes it out.
    /// Returns false where nobody takes it any more.
    func printNow(_ bytes: [UInt8]) -> Bool {
        answer += bytes
        do throws(SystemError) {
            try flush()
        } catch {
            failure = error
        }
        return failure == nil
    }

    /// Writes the answer out: at the end, and before another command is run.
    func flush() throws(SystemError) {
        if let failure { throw failure }
        let bytes = answer
        answer = []
        if !bytes.isEmpty { try streams.write(bytes) }
    }

    // MARK: Messages

    /// Whether a person at a terminal reads the messages.
    var messagesAreSeen: Bool { streams.messagesAreSeen() }

    /// Says why the command fails; nothing silences it.
    func fail(_ message: String) {
        say(message)
    }

    /// Says something worth knowing, unless told to be quiet.
    func note(_ message: String) {
        if settings.verbosity != .quiet { say(message) }
    }

    /// Says something that only the curious want to know.
    func detail(_ message: String) {
        if settings.verbosity == .verbose { say(message) }
    }

    private func say(_ message: String) {
        streams.writeMessage(Self.line(message))
    }

    /// A message as it is written.
    static func line(_ message: String) -> [UInt8] {
        Array(("berth: " + TerminalText.escaped(message) + "\n").utf8)
    }
}
