// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Synchronization

@testable import BerthCLI

/// One command line, run in this process, and what it said.
struct CommandRun {
    let status: Int32
    let output: String
    let errors: String

    /// The lines on standard error.
    var complaints: [Substring] { errors.split(separator: "\n") }

    /// Runs a command line, with `BERTH_STORE` set to the store where one is
    /// given, and with a terminal for the answer where it has a width.
    init(
        _ words: [String], store: TemporaryStore? = nil, variables: [String: String] = [:],
        input: String = "", width: Int? = nil, outputFails: Bool = false
    ) {
        self.init(
            words.map { Array($0.utf8) }, store: store, variables: variables, input: input,
            width: width, outputFails: outputFails)
    }

    init(
        _ words: [[UInt8]], store: TemporaryStore? = nil, variables: [String: String] = [:],
        input: String = "", width: Int? = nil, outputFails: Bool = false
    ) {
        let transcript = Transcript(input: Array(input.utf8))
        var variables = variables
        if let store { variables["BERTH_STORE"] = store.path }
        let streams = Streams(
            read: { buffer throws(SystemError) in transcript.read(into: buffer) },
            write: { bytes throws(SystemError) in
                if outputFails { throw SystemError("write", .noSpace) }
                transcript.output += bytes
            },
            writeMessage: { [messages = transcript.messages] in messages.add($0) },
            answerWidth: { width },
            messagesAreSeen: { false })
        let environment = Environment { [variables] name in variables[name].map { Array($0.utf8) } }
        status = CommandLineTool.run(
            arguments: words, environment: environment, streams: streams)
        output = String(decoding: transcript.output, as: UTF8.self)
        errors = String(decoding: transcript.messages.bytes, as: UTF8.self)
    }
}

/// What came on standard error, from any thread.
private final class Messages: Sendable {
    private let state = Mutex([UInt8]())

    var bytes: [UInt8] { state.withLock { $0 } }

    func add(_ bytes: [UInt8]) { state.withLock { $0 += bytes } }
}

private final class Transcript {
    var output: [UInt8] = []
    let messages = Messages()
    private var input: ArraySlice<UInt8>

    init(input: [UInt8]) {
        self.input = input[...]
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let part = input.prefix(buffer.count)
        buffer.copyBytes(from: part)
        input = input.dropFirst(part.count)
        return part.count
    }
}
