// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth store restore FROM`
enum StoreRestore: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "store restore", summary: "fill an empty store with a dump",
            operands: ["FROM"],
            details: """
                FROM is a file that berth store dump has printed; a lone - reads standard input.
                The store is empty or not there yet. All records are restored, with their
                versions, or none: a line that is refused is named. Status 73: the store holds
                records already.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let path = try arguments.requiredText(operand: 0, "FROM")
        let isInput = arguments.operands[0].bytes == [UInt8(ascii: "-")]
        let file = isInput ? nil : try open(path)
        defer { if let file { FileCalls.close(file) } }
        let streams = context.streams
        let progress = ProgressLine("restoring bytes", context)
        defer { progress.end() }
        var read = 0
        let count = try context.coordinator().store.restore { count throws(StoreError) in
            let bytes = try part(of: file, path, streams, atMost: count)
            read += bytes.count
            progress.report(done: read, total: 0)
            return bytes
        }
        if context.settings.isJSON {
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("records", count)
            writer.endObject()
            context.output.print(json: writer)
        } else {
            context.output.detail(String(count) + " records are restored")
        }
        return .success
    }

    private static func open(_ path: String) throws(CoordinatorError) -> FileDescriptor {
        do throws(SystemError) {
            return try FileCalls.openForReading(path)
        } catch let error where error.errno == .noEntry {
            throw CoordinatorError(.notFound, "there is no file " + path, cause: error)
        } catch {
            throw .system("cannot open " + path, error)
        }
    }

    /// The next bytes of a file, or of standard input where there is none.
    private static func part(
        of file: FileDescriptor?, _ path: String, _ streams: Streams, atMost limit: Int
    ) throws(StoreError) -> [UInt8] {
        var buffer: [UInt8] = Array(repeating: 0, count: limit)
        do throws(SystemError) {
            let count = try buffer.withUnsafeMutableBufferPointer {
                buffer throws(SystemError) in
                let buffer = UnsafeMutableRawBufferPointer(buffer)
                guard let file else { return try streams.read(buffer) }
                return try FileCalls.read(file, into: buffer)
            }
            buffer.removeLast(limit - count)
            return buffer
        } catch {
            throw .system(file == nil ? "cannot read standard input" : "cannot read " + path, error)
        }
    }
}
