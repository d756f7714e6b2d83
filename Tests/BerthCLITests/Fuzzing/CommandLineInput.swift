// SPDX-License-Identifier: Apache-2.0

import BerthStore

@testable import Berth
@testable import BerthCLI

/// Everything that reads words which people and scripts give, up to where a
/// command would begin its work, and files that they or other processes write
/// beside the store: any bytes are understood or refused in one line.
enum CommandLineInput {
    /// Reads bytes as words that end at a zero, as the system hands them over.
    static func run(_ input: [UInt8]) {
        let words = input.split(separator: 0, omittingEmptySubsequences: false).map(Array.init)
        do {
            try read(words)
        } catch let error as UsageError {
            precondition(!error.line.contains("\n"), "an error of more than one line")
        } catch {
            preconditionFailure("an error that should not be: \(error)")
        }
        let options = FlockCommand.syntax.options
        _ = try? FlockReader.request(words.map { Argument(bytes: $0) }, options)
        for word in words {
            _ = try? FlockNumber.size(word)
            _ = try? FlockNumber.microseconds(word)
            _ = DurationText.duration(word)
            readFile(word)
            _ = TerminalText.escaped(String(decoding: word, as: UTF8.self))
        }
    }

    private static func readFile(_ bytes: [UInt8]) {
        _ = TicketDetails(json: bytes)
        _ = TicketContent(bytes, from: here)
        let text = String(decoding: bytes, as: UTF8.self)
        _ = LockFolderEntry(text)
        _ = BellEntry(text)
        _ = PortRangeText.range(text)
        if let (state, name) = GateState.parse(bytes), let name = try? LockName(name) {
            precondition(state.line(name) == bytes, "a gate that is not what it says")
        }
        for kind in [PortConfiguration.FileKind.project, .user] {
            do throws(CoordinatorError) {
                _ = try PortConfiguration(ConfigurationText(bytes, name: "berth.json"), kind)
            } catch {
                precondition(!error.message.contains("\n"), "an error of more than one line")
            }
        }
    }

    private static var here: Holder.Surroundings {
        Holder.Surroundings(boot: "b", pidNamespace: 1, timeNamespace: 2, host: "h")
    }

    private static func read(_ words: [[UInt8]]) throws {
        var reader = ArgumentReader(words.map { Argument(bytes: $0) })
        guard let name = try reader.name() else { return }
        var command = CommandTable.command(name)
        if command == nil, CommandTable.isGroup(name), let member = try reader.name() {
            command = CommandTable.command(name, member)
        }
        guard let command else { return }
        try reader.read(command.syntax)
        let environment = Environment { _ in nil }
        _ = try Settings(reader, environment)
        for place in reader.operands.indices { _ = try reader.text(operand: place, "operand") }
        for option in command.syntax.options {
            _ = try reader.texts(option.name)
            _ = try? reader.integer(option.name, in: 1...65_535 as ClosedRange<Int>)
            _ = try? reader.duration(option.name)
        }
    }
}
