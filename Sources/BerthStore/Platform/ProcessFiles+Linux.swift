// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
    #if canImport(Glibc)
        import Glibc
    #else
        import Musl
    #endif

    /// Small files that the kernel makes up while they are read, such as those of `/proc`.
    enum ProcessFiles {
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
