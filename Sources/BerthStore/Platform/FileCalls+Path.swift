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

    /// Opens a file by its path to read and to write. The corresponding C
    /// function is `open`.
    static func openForUpdating(_ path: String) throws(SystemError) -> FileDescriptor {
        try raised(try retrying("open") { systemOpen(path, O_RDWR | O_CLOEXEC | O_NOCTTY) })
    }

    /// Opens, or makes, a file to whose end everything is written, by whatever
    /// process. The corresponding C call is `openat` with `O_APPEND`.
    package static func openLog(
        _ name: String, in directory: FileDescriptor
    ) throws(SystemError) -> FileDescriptor {
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY
        return try raised(
            try retrying("openat") { openat(directory.rawValue, name, flags, 0o600) })
    }
}
