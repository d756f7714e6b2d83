// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore
import Synchronization
import Testing

@testable import BerthCLI

@Suite("The line of a worker")
struct WorkLineTests {
    private final class Messages: Sendable {
        private let state = Mutex([UInt8]())

        var text: String { String(decoding: state.withLock { $0 }, as: UTF8.self) }

        func add(_ bytes: [UInt8]) { state.withLock { $0 += bytes } }
    }

    private func written(
        isTerminal: Bool = true, _ totals: CommandWorker.Totals...
    ) -> [Substring] {
        let messages = Messages()
        let streams = Streams(
            read: { _ throws(SystemError) in 0 }, write: { _ throws(SystemError) in },
            writeMessage: { messages.add($0) }, answerWidth: { nil },
            messagesAreSeen: { isTerminal })
        let line = WorkLine(
            CommandContext(
                settings: Settings(), environment: Environment { _ in nil }, streams: streams,
                output: Output(streams, Settings())))
        for totals in totals { line.show(totals) }
        line.end()
        return messages.text.split(separator: "\r")
    }

    private func totals(
        completed: Int = 0, failed: Int = 0, running: Int = 0, waiting: Int = 0,
        isStopping: Bool = false
    ) -> CommandWorker.Totals {
        CommandWorker.Totals(
            completed: completed, failed: failed, running: running, waiting: waiting,
            isStopping: isStopping)
    }

    @Test func aPersonSeesHowFarItIsAndNothingIsLeft() {
        let parts = written(
            totals(running: 2, waiting: 3),
            totals(completed: 3, failed: 1, running: 2, waiting: 1), totals(completed: 5, failed: 2)
        )
        #expect(
            parts == [
                "0 done, 2 running, 0 failed, 3 waiting\u{1B}[K",
                "3 done, 2 running, 1 failed, 1 waiting, 0s left\u{1B}[K",
                "5 done, 0 running, 2 failed, 0 waiting\u{1B}[K", "\u{1B}[K",
            ])
    }

    @Test func aPersonWhoStopsItSeesWhatThatMeans() {
        let parts = written(totals(completed: 1, running: 1, waiting: 9, isStopping: true))
        #expect(parts.first?.contains("second signal") == true)
    }

    @Test func aFileSeesNothing() {
        #expect(written(isTerminal: false, totals(running: 1)).isEmpty)
    }
}
