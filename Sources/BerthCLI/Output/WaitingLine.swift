// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// Says whom a lock is waited for: to a person at a terminal by one line that
/// is kept up to date and goes when the wait is over; in a log by one plain
/// line, which a wait of less than a second is not worth, unless asked for.
final class WaitingLine {
    private enum Style {
        case live, plain, silent
    }

    private static var interval: Duration { .seconds(1) }

    private let context: CommandContext
    private lazy var style = Self.style(context)
    private var isWritten = false
    /// The lock that has been waited for, and of which nothing was said yet.
    private var unsaid: LockName?

    init(_ context: CommandContext) {
        self.context = context
    }

    private static func style(_ context: CommandContext) -> Style {
        switch context.settings.verbosity {
        case .quiet: .silent
        case .verbose: .plain
        case .normal where context.settings.isLoggingJSON: .silent
        case .normal: context.output.messagesAreSeen ? .live : .plain
        }
    }

    /// Says it; returns after what time it is to be said anew, nil is never.
    func show(_ obstacle: LockObstacle) -> Duration? {
        switch style {
        case .silent:
            return nil
        case .plain:
            if context.settings.verbosity == .verbose || obstacle.name == unsaid {
                context.output.note(Self.text(obstacle))
                return nil
            }
            unsaid = obstacle.name
        case .live:
            write(Self.text(obstacle))
        }
        return Self.interval
    }

    private func write(_ text: String) {
        isWritten = true
        let width = context.streams.messageWidth() ?? 80
        let line = TerminalText.cut("berth: " + TerminalText.escaped(text), to: max(1, width - 1))
        context.streams.writeMessage(Array(("\r" + line + "\u{1B}[K").utf8))
    }

    /// Takes the line away.
    func end() {
        if isWritten { context.streams.writeMessage(Array("\r\u{1B}[K".utf8)) }
        isWritten = false
    }

    /// The command comes last: it is what a narrow terminal cuts.
    static func text(_ obstacle: LockObstacle) -> String {
        "waiting for the lock '" + obstacle.name.text + "', " + String(obstacle.place)
            + " ahead, held by " + text(obstacle.holder)
    }

    /// What is said to one who would not wait.
    static func refusal(_ obstacle: LockObstacle) -> String {
        "the lock '" + obstacle.name.text + "' is held by " + text(obstacle.holder)
    }

    private static func text(_ holder: LockListing.Entry) -> String {
        var text = holder.process.map { "process " + String($0) } ?? "a process"
        if let wrapper = holder.deadWrapper {
            text += ", a child of the dead wrapper " + String(wrapper) + ","
        }
        if let since = holder.since { text += " for " + ElapsedText.since(since) }
        return holder.command.isEmpty ? text : text + ": " + holder.command
    }
}
