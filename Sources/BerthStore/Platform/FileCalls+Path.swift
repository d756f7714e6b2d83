// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#else
    #error("Berth has not been taught the C library of this platform")
#endif

extension FileCalls {
    /// Opens a file that a user names, to read it: links are followed, and a
    /// FIFO is waited for. The corresponding C function is `open`.
    package static func openForReading(_ path: String) throws(SystemError) -> FileDescriptor {
        try raised(try retrying("open") { systemOpen(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) })
    }
}
