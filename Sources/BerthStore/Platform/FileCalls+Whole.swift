// SPDX-License-Identifier: Apache-2.0

extension FileCalls {
    /// The bytes of a small file, from its beginning, at most so many.
    package static func readAll(
        _ file: FileDescriptor, limit: Int
    ) throws(SystemError) -> [UInt8] {
        try withUnsafeTemporaryAllocation(byteCount: limit, alignment: 1) {
            buffer throws(SystemError) -> [UInt8] in
            var count = 0
            while count < limit {
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
                let read = try read(file, into: rest, at: count)
                if read == 0 { break }
                count += read
            }
            return Array(buffer[..<count])
        }
    }

    /// Writes all bytes at an offset, or fails.
    package static func writeAll(
        _ file: FileDescriptor, _ bytes: [UInt8], at offset: Int
    ) throws(SystemError) {
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(SystemError) in
                var count = 0
                while count < buffer.count {
                    let rest = UnsafeRawBufferPointer(rebasing: buffer[count...])
                    let written = try write(file, rest, at: offset + count)
                    // A file that takes nothing and gives no reason is full.
                    if written == 0 { throw SystemError("pwrite", .noSpace) }
                    count += written
                }
            }
        }
        try result.get()
    }
}
