// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
    #if canImport(Glibc)
        import Glibc
    #else
        import Musl
    #endif

    /// Small files that the kernel makes up while they are read, such as those of `/proc`.
    enum ProcessFiles {
        /// All bytes of a file, at most so many: a table may come in pieces.
        static func readAll(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
            let descriptor = try FileCalls.retrying("open") {
                systemOpen(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            }
            let file = FileDescriptor(rawValue: descriptor)
            defer { FileCalls.close(file) }
            var bytes: [UInt8] = []
            var part: [UInt8] = Array(repeating: 0, count: 65_536)
            while bytes.count < limit {
                let result = part.withUnsafeMutableBytes { buffer in
                    Result { () throws(SystemError) in
                        try FileCalls.read(file, into: buffer)
                    }
                }
                let count = try result.get()
                if count == 0 { break }
                bytes += part[..<count]
            }
            return bytes
        }

        /// The first bytes of a file. The corresponding C functions are `open` and `read`.
        static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
            let descriptor = try FileCalls.retrying("open") {
                systemOpen(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            }
            let file = FileDescriptor(rawValue: descriptor)
            defer { FileCalls.close(file) }
            do {
                return try [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
                    count = try FileCalls.read(file, into: UnsafeMutableRawBufferPointer(buffer))
                }
            } catch let error as SystemError {
                throw error
            } catch {
                throw SystemError("read", .inputOutput)
            }
        }
    }
#endif
