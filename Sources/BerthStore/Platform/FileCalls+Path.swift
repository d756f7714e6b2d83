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
        let file = try raised(
            try retrying("openat") { openat(directory.rawValue, name, flags, 0o600) })
        return try shared(file, in: directory)
    }

    /// The bytes of a regular file that a path leads to, links followed: never
    /// waits for a FIFO, and refuses a file of more bytes than the limit.
    package static func readSmallFile(
        _ path: String, limit: Int
    ) throws(SystemError) -> [UInt8] {
        let flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
        let file = try raised(try retrying("open") { systemOpen(path, flags) })
        defer { close(file) }
        let status = try status(of: file)
        guard status.isRegular else { throw SystemError("read", .invalid) }
        if status.size > limit { throw SystemError("read", .fileTooLarge) }
        return try readAll(file, limit: max(1, status.size))
    }

    /// The path of what a path leads to, without links. The corresponding C
    /// function is `realpath`.
    package static func realPath(_ path: String) throws(SystemError) -> [UInt8] {
        guard let resolved = realpath(path, nil) else { throw .current("realpath") }
        defer { free(resolved) }
        return Array(UnsafeRawBufferPointer(start: resolved, count: strlen(resolved)))
    }

    /// What a link in a directory says. The corresponding C function is `readlinkat`.
    package static func linkTarget(
        _ name: String, in directory: FileDescriptor
    ) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = Array(repeating: 0, count: 4096)
        let count = try retrying("readlinkat") {
            bytes.withUnsafeMutableBytes { buffer in
                guard let base = buffer.baseAddress else { return 0 }
                return readlinkat(
                    directory.rawValue, name, base.assumingMemoryBound(to: CChar.self),
                    buffer.count)
            }
        }
        return Array(bytes[..<count])
    }
}
