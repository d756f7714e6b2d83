// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// A command that is run as a filter: bytes on its standard input, bytes from
/// its standard output. Its standard error is ours.
struct Filter {
    let status: ExitStatus
    let output: [UInt8]

    /// Runs a command to its end.
    ///
    /// What it writes beyond the limit is read, so that it does not hang, and
    /// dropped; one byte more than the limit tells that there was more.
    ///
    /// - Throws: `CoordinatorError` where the system has no room for it. That a
    ///   command cannot be run is a status: 126, or 127 where it is not found.
    static func run(
        _ words: [Argument], input: [UInt8], limit: Int, _ output: Output
    ) throws(CoordinatorError) -> Filter {
        do throws(SystemError) {
            let (toCommand, fromCommand) = try pipes()
            defer { FileCalls.close(fromCommand.reading) }
            let command: ChildProcess
            do throws(SystemError) {
                defer {
                    FileCalls.close(toCommand.reading)
                    FileCalls.close(fromCommand.writing)
                }
                command = try ChildProcess.start(
                    words.map(\.bytes), input: toCommand.reading, output: fromCommand.writing)
            } catch let error where error.call == "posix_spawnp" {
                FileCalls.close(toCommand.writing)
                output.fail("cannot run " + words[0].quoted + ": " + error.errno.description)
                return Filter(
                    status: ExitStatus(rawValue: error.errno == .noEntry ? 127 : 126), output: [])
            }
            try toCommand.feed(input)
            let bytes = try drain(fromCommand.reading, limit: limit)
            return Filter(status: ExitStatus(try command.wait()), output: bytes)
        } catch {
            throw .system("cannot run " + words[0].quoted, error)
        }
    }

    private static func pipes() throws(SystemError) -> (Pipe, Pipe) {
        let first = try Pipe()
        do throws(SystemError) {
            return (first, try Pipe())
        } catch {
            FileCalls.close(first.reading)
            FileCalls.close(first.writing)
            throw error
        }
    }

    private static func drain(
        _ file: FileDescriptor, limit: Int
    ) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer: [UInt8] = Array(repeating: 0, count: 65_536)
        while true {
            let count = try buffer.withUnsafeMutableBufferPointer {
                buffer throws(SystemError) in
                try FileCalls.read(file, into: UnsafeMutableRawBufferPointer(buffer))
            }
            if count == 0 { return bytes }
            bytes += buffer[..<min(count, limit + 1 - bytes.count)]
        }
    }
}
