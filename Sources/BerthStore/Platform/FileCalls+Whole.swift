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

    /// Replaces a file by one with other bytes and the same permissions, or
    /// makes it: complete and flushed before it takes the name.
    ///
    /// - Returns: Whether it is known that a power loss leaves the new one.
    package static func replace(
        _ name: String, in directory: FileDescriptor, by bytes: [UInt8], newPermissions: UInt32
    ) throws(SystemError) -> Bool {
        var permissions = newPermissions
        do throws(SystemError) {
            permissions = try status(ofName: name, in: directory).permissions
        } catch let error where error.errno == .noEntry {
            // It is made.
        }
        let draft = name + "." + String(CurrentProcess.identifier) + ".new"
        let file = try open(draft, in: directory, .creatingNew, permissions: permissions)
        do throws(SystemError) {
            defer { close(file) }
            try writeAll(file, bytes, at: 0)
            try flush(file)
            try rename(draft, to: name, in: directory)
        } catch {
            try? unlink(draft, in: directory)
            throw error
        }
        return (try? flushDirectory(directory)) != nil
    }
}
