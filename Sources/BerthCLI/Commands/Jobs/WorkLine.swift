// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// A line on a terminal that says how far a worker is.
final class WorkLine {
    private let streams: Streams
    private let isShown: Bool
    private let began = Clock.monotonic
    private var isWritten = false

    init(_ context: CommandContext) {
        streams = context.streams
        isShown = context.settings.verbosity == .normal && context.streams.messagesAreSeen()
    }

    func show(_ totals: CommandWorker.Totals) {
        guard isShown else { return }
        let done = totals.completed + totals.failed
        var line = String(totals.completed) + " done, " + String(totals.running) + " running, "
        line += String(totals.failed) + " failed, " + String(totals.waiting) + " waiting"
        let left = totals.waiting + totals.running
        if totals.isStopping {
            line += "; stops when those have ended, a second signal ends them"
        } else if done > 0, left > 0 {
            let elapsed = Int64((Clock.monotonic - began) / 1_000_000_000)
            let seconds = elapsed * Int64(left) / Int64(done)
            line += ", " + ElapsedText.text(seconds: seconds) + " left"
        }
        isWritten = true
        streams.writeMessage(Array(("\r" + line + "\u{1B}[K").utf8))
    }

    /// Takes the line away. Anything that is printed comes after this.
    func end() {
        if isWritten { streams.writeMessage(Array("\r\u{1B}[K".utf8)) }
        isWritten = false
    }
}
