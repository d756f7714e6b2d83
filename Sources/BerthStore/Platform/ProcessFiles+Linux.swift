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

        /// A text that ends with a newline, or words that end with zeros, at most so
        /// many bytes of it: a read may stop anywhere before. The corresponding C
        /// functions are `open` and `read`.
        static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
            let descriptor = try FileCalls.retrying("open") {
                systemOpen(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            }
            let file = FileDescriptor(rawValue: descriptor)
            defer { FileCalls.close(file) }
            do {
                return try [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
                    let memory = UnsafeMutableRawBufferPointer(buffer)
                    while count < limit {
                        let rest = UnsafeMutableRawBufferPointer(rebasing: memory[count..<limit])
                        let length = try FileCalls.read(file, into: rest)
                        if length == 0 { break }
                        count += length
                        let last = memory[count - 1]
                        if last == UInt8(ascii: "\n") || last == 0 { break }
                    }
                }
            } catch let error as SystemError {
                throw error
            } catch {
                throw SystemError("read", .inputOutput)
            }
        }
    }
#endif
