// SPDX-License-Identifier: Apache-2.0

/// A file of a damaged store, whose unreadable parts read as zeros: no line
/// with one in it is valid. Closed with the last reference.
final class SalvagedFile {
    private let directory: StoreDirectory
    private let name: String
    private let file: OpenFile

    /// The smallest part that a disk loses.
    private static var block: Int { 4096 }

    /// Opens it; nil where the name is free.
    init?(_ name: String, in directory: StoreDirectory) throws(StoreError) {
        guard let file = try directory.open(name, .reading) else { return nil }
        self.directory = directory
        self.name = name
        self.file = file
    }

    deinit {
        directory.storage.close(file.descriptor)
    }

    /// The lines of the file. A line that lost its newline hides the one
    /// behind it, so some more than a line's length is kept.
    func lines(limit: Int) -> LineReader {
        LineReader(limit: 2 * limit) { offset, count throws(StoreError) in
            try self.read(at: offset, count: count)
        }
    }

    private func read(at offset: Int, count: Int) throws(StoreError) -> [UInt8] {
        do throws(StoreError) {
            return try directory.read(file.descriptor, name, at: offset, count: count)
        } catch let error where error.code == .inputOutput {
            if count > Self.block { return try read(at: offset, count: Self.block) }
            let length = min(count, file.status.size - offset)
            if length <= 0 { throw error }
            return [UInt8](repeating: 0, count: length)
        }
    }

    /// The lines that a damaged line may be made of: itself, and the two on
    /// either side of a newline that was lost.
    static func pieces(of line: [UInt8]) -> [[UInt8]] {
        let beginning = Array("{\"h\":\"".utf8)
        var pieces = [line]
        for start in line.indices.dropFirst() where line[start...].starts(with: beginning) {
            pieces.append(Array(line[..<(start - 1)]))
            pieces.append(Array(line[start...]))
        }
        return pieces
    }
}
