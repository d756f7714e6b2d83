// SPDX-License-Identifier: Apache-2.0

/// Reads lines one after the other, from a source of any length, in bounded
/// memory.
struct LineReader {
    struct Line {
        /// Counts the lines from 1.
        let number: Int
        /// Where it starts.
        let offset: Int
        /// Without its newline. Of a line that is too long only the beginning.
        let bytes: [UInt8]
        /// Whether all of it is there, and a newline after it.
        let isWhole: Bool
    }

    /// How much is read at a time.
    private static var step: Int { 256 * 1024 }

    /// Reads at most so many bytes at an offset; none at the end.
    private let read: (_ offset: Int, _ count: Int) throws(StoreError) -> [UInt8]
    /// The most bytes of a line that are kept.
    private let limit: Int
    private var number = 0
    private var buffer: [UInt8] = []
    /// Where in the source the buffer begins.
    private var base = 0
    private var position = 0

    init(
        limit: Int, _ read: @escaping (_ offset: Int, _ count: Int) throws(StoreError) -> [UInt8]
    ) {
        self.limit = limit
        self.read = read
    }

    /// The next line; nil at the end.
    mutating func next() throws(StoreError) -> Line? {
        let offset = base + position
        var bytes: [UInt8] = []
        var isCut = false
        while true {
            let newline = buffer.withUnsafeBytes { $0.firstNewline(from: position) }
            let part = buffer[position..<(newline ?? buffer.count)]
            isCut = isCut || bytes.count + part.count > limit
            bytes += part.prefix(limit - bytes.count)
            position += part.count
            if newline != nil {
                position += 1
                return line(offset, bytes, isWhole: !isCut)
            }
            base += buffer.count
            position = 0
            buffer = try read(base, Self.step)
            if buffer.isEmpty {
                return base > offset ? line(offset, bytes, isWhole: false) : nil
            }
        }
    }

    private mutating func line(_ offset: Int, _ bytes: [UInt8], isWhole: Bool) -> Line {
        number += 1
        return Line(number: number, offset: offset, bytes: bytes, isWhole: isWhole)
    }
}

extension LineReader {
    /// The lines of a file of a store, from its beginning up to an offset.
    init(
        _ file: FileDescriptor, _ name: String, in directory: StoreDirectory, end: Int = .max,
        limit: Int
    ) {
        self.init(limit: limit) { offset, count throws(StoreError) in
            try directory.read(file, name, at: offset, count: min(count, max(0, end - offset)))
        }
    }
}

extension StoreDirectory {
    func read(
        _ file: FileDescriptor, _ name: String, at offset: Int, count: Int
    ) throws(StoreError) -> [UInt8] {
        do throws(SystemError) {
            return try storage.readAll(file, at: offset, count: count)
        } catch {
            throw .system("cannot read " + path + "/" + name, error)
        }
    }

    /// Runs a body on an open file and closes it; nil where the name is free.
    func withFile<Result>(
        _ name: String, _ body: (OpenFile) throws(StoreError) -> Result
    ) throws(StoreError) -> Result? {
        guard let file = try open(name, .reading) else { return nil }
        defer { storage.close(file.descriptor) }
        return try body(file)
    }
}
