// SPDX-License-Identifier: Apache-2.0

import BerthStore
import Synchronization
import Testing

@testable import BerthCLI

@Suite("Progress")
struct ProgressLineTests {
    private final class Messages: Sendable {
        private let state = Mutex([UInt8]())

        var bytes: [UInt8] { state.withLock { $0 } }

        func add(_ bytes: [UInt8]) { state.withLock { $0 += bytes } }
    }

    /// What is written while work goes on for a second and more, by a clock
    /// that is waited for.
    private func written(isTerminal: Bool) -> String {
        let messages = Messages()
        let streams = Streams(
            read: { _ throws(SystemError) in 0 }, write: { _ throws(SystemError) in },
            writeMessage: { messages.add($0) }, answerWidth: { nil },
            messagesAreSeen: { isTerminal })
        let context = CommandContext(
            settings: Settings(), environment: Environment { _ in nil }, streams: streams,
            output: Output(streams, Settings()))
        let line = ProgressLine("copying", context)
        line.report(done: 1, total: 4)
        #expect(messages.bytes.isEmpty)
        let end = Deadline(after: .milliseconds(700))
        while !end.isPast { line.report(done: 1, total: 4) }
        line.end()
        return String(decoding: messages.bytes, as: UTF8.self)
    }

    @Test func aPersonSeesHowFarItIsAndNothingIsLeft() {
        let text = written(isTerminal: true)
        #expect(text.hasPrefix("\rcopying: 25 %\u{1B}[K"))
        #expect(text.hasSuffix("\r\u{1B}[K"))
        // Renewed ten times a second at most.
        #expect(text.split(separator: "25").count <= 5)
    }

    @Test func aFileSeesNothing() {
        #expect(written(isTerminal: false).isEmpty)
    }
}
