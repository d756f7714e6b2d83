// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// Says whom a lock is waited for: to a person at a terminal by one line that
/// is kept up to date and goes when the wait is over, in a log by one plain
/// line, where it is asked for.
final class WaitingLine {
    private let context: CommandContext
    private let isOnTerminal: Bool
    private var isWritten = false

    init(_ context: CommandContext) {
        self.context = context
        isOnTerminal =
            context.output.messagesAreSeen && context.settings.verbosity == .normal
            && !context.settings.isLoggingJSON
    }

    /// How often the line is renewed; nil is never.
    var interval: Duration? { isOnTerminal ? .seconds(1) : nil }

    func show(_ obstacle: LockObstacle) {
        let text = Self.text(obstacle)
        guard isOnTerminal else { return context.output.detail(text) }
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

    static func text(_ obstacle: LockObstacle) -> String {
        let holder = obstacle.holder
        var line = "waiting for the lock '" + obstacle.name.text + "', held by "
        line += holder.process.map { "process " + String($0) } ?? "a process"
        if let wrapper = holder.deadWrapper {
            line += ", a child of the dead wrapper " + String(wrapper)
        }
        if !holder.command.isEmpty { line += " (" + holder.command + ")" }
        if let since = holder.since { line += " for " + ElapsedText.since(since) }
        return line + "; " + String(obstacle.place) + " ahead"
    }
}
