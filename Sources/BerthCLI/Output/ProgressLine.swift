// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// A line on standard error that says how far a long piece of work is, where
/// a person at a terminal reads it. Short work says nothing.
final class ProgressLine {
    private let streams: Streams
    private let what: String
    private let isShown: Bool
    /// When there is something new to show, on the monotonic clock.
    private var next: Deadline
    private var isWritten = false

    /// How long work goes on before its progress is shown, and how often that
    /// is renewed.
    private static var delay: Duration { .milliseconds(500) }
    private static var interval: Duration { .milliseconds(100) }

    init(_ what: String, _ context: CommandContext) {
        streams = context.streams
        self.what = what
        isShown = context.settings.verbosity != .quiet && context.streams.messagesAreSeen()
        next = Deadline(after: Self.delay)
    }

    /// Hears of progress, however often.
    func report(done: Int, total: Int) {
        guard isShown, next.isPast else { return }
        next = Deadline(after: Self.interval)
        isWritten = true
        let share = total > 0 ? String(min(done, total) * 100 / total) + " %" : String(done)
        streams.writeMessage(Array(("\r" + what + ": " + share + "\u{1B}[K").utf8))
    }

    /// Takes the line away. Anything that is printed comes after this.
    func end() {
        if isWritten { streams.writeMessage(Array("\r\u{1B}[K".utf8)) }
        isWritten = false
    }
}
