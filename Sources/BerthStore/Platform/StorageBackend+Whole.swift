// SPDX-License-Identifier: Apache-2.0

extension StorageBackend {
    /// Reads until the count is reached or the file ends.
    func readAll(
        _ file: FileDescriptor, at offset: Int, count: Int
    ) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(SystemError) {
                let buffer = UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count])
                filled = try readAll(file, into: buffer, at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Reads until the buffer is full or the file ends; returns how many bytes.
    func readAll(
        _ file: FileDescriptor, into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(SystemError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let length = try read(file, into: rest, at: offset + filled)
            if length == 0 { break }
            filled += length
        }
        return filled
    }

    /// Writes all of it; after an error a part may have been written.
    func writeAll(
        _ file: FileDescriptor, _ bytes: UnsafeRawBufferPointer, at offset: Int
    ) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            let length = try write(file, rest, at: offset + written)
            // A file that takes nothing and gives no reason is full.
            if length == 0 { throw SystemError("pwrite", .noSpace) }
            written += length
        }
    }

    /// Writes all of an array's bytes.
    func writeAll(
        _ file: FileDescriptor, _ bytes: [UInt8], at offset: Int
    ) throws(SystemError) {
        let result = bytes.withUnsafeBytes { bytes -> Result<Void, SystemError> in
            Result { () throws(SystemError) in try writeAll(file, bytes, at: offset) }
        }
        try result.get()
    }
}
