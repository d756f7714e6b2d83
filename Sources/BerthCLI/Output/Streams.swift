// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Where a command reads and writes: the process's own streams, or a test's.
struct Streams {
    /// Reads what there is, at most as much as fits; 0 at the end.
    var read: (UnsafeMutableRawBufferPointer) throws(SystemError) -> Int
    /// Writes all of an answer.
    var write: ([UInt8]) throws(SystemError) -> Void
    /// Writes all of a message, or drops what cannot be written. Events come
    /// from any thread.
    var writeMessage: @Sendable ([UInt8]) -> Void
    /// The columns of the terminal that receives the answer; nil where none does.
    var answerWidth: () -> Int?
    /// Whether a person at a terminal reads the messages.
    var messagesAreSeen: () -> Bool
    /// The columns of that terminal; nil where it does not say.
    var messageWidth: () -> Int?

    init(
        read: @escaping (UnsafeMutableRawBufferPointer) throws(SystemError) -> Int,
        write: @escaping ([UInt8]) throws(SystemError) -> Void,
        writeMessage: @escaping @Sendable ([UInt8]) -> Void,
        answerWidth: @escaping () -> Int?,
        messagesAreSeen: @escaping () -> Bool,
        messageWidth: @escaping () -> Int? = { nil }
    ) {
        self.read = read
        self.write = write
        self.writeMessage = writeMessage
        self.answerWidth = answerWidth
        self.messagesAreSeen = messagesAreSeen
        self.messageWidth = messageWidth
    }

    /// Reads to the end, or until there is more than a limit.
    func readAll(atMost limit: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer: [UInt8] = Array(repeating: 0, count: 65_536)
        while bytes.count <= limit {
            let count = try buffer.withUnsafeMutableBufferPointer {
                buffer throws(SystemError) in
                try read(UnsafeMutableRawBufferPointer(buffer))
            }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    /// The standard streams of the process.
    static var standard: Streams {
        Streams(
            read: { buffer throws(SystemError) in try FileCalls.read(.standardInput, into: buffer)
            },
            write: { bytes throws(SystemError) in try writeAll(bytes, to: .standardOutput) },
            writeMessage: { bytes in try? writeAll(bytes, to: .standardError) },
            answerWidth: {
                guard Terminal.isTerminal(.standardOutput) else { return nil }
                return Terminal.width(.standardOutput) ?? 80
            },
            messagesAreSeen: { Terminal.isTerminal(.standardError) },
            messageWidth: { Terminal.width(.standardError) })
    }

    private static func writeAll(
        _ bytes: [UInt8], to file: FileDescriptor
    ) throws(SystemError) {
        try bytes.withUnsafeBufferPointer { buffer throws(SystemError) in
            var rest = UnsafeRawBufferPointer(buffer)
            while !rest.isEmpty {
                let written = try FileCalls.write(file, rest)
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            }
        }
    }
}
