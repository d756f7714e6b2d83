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

/// How a file is opened. `O_CLOEXEC` and `O_NOFOLLOW` are always added.
package struct OpenMode: Hashable, Sendable {
    let flags: Int32

    package static var reading: OpenMode { OpenMode(flags: O_RDONLY) }
    package static var writing: OpenMode { OpenMode(flags: O_WRONLY) }
    package static var readingAndWriting: OpenMode { OpenMode(flags: O_RDWR) }
    /// Makes the file where it is missing, and opens it for reading and writing.
    package static var creating: OpenMode { OpenMode(flags: O_RDWR | O_CREAT) }
    /// Makes the file; fails with `EEXIST` where the name is taken, a dangling link included.
    package static var creatingNew: OpenMode { OpenMode(flags: O_RDWR | O_CREAT | O_EXCL) }
}

/// One wrapper for each system call on files: `EINTR` is handled here and only
/// here, descriptors below 3 never leave, and every descriptor is closed by
/// `exec`.
package enum FileCalls {
    /// Repeats a call for as long as a signal interrupts it.
    @inline(__always)
    static func retrying<Result: SignedInteger>(
        _ name: String, _ body: () -> Result
    ) throws(SystemError) -> Result {
        while true {
            let result = body()
            if result != -1 { return result }
            let error = Errno.current
            if error != .interrupted { throw SystemError(name, error) }
        }
    }

    /// Moves a descriptor out of the range of the standard streams.
    ///
    /// With standard error closed, `open` may return 2, and the next message
    /// printed by anyone would land in the file.
    static func raised(_ descriptor: Int32) throws(SystemError) -> FileDescriptor {
        guard descriptor < 3 else { return FileDescriptor(rawValue: descriptor) }
        defer { _ = systemClose(descriptor) }
        return FileDescriptor(
            rawValue: try retrying("fcntl") { fcntl(descriptor, F_DUPFD_CLOEXEC, 3) })
    }

    /// The corresponding C function is `openat`. A file that is made without
    /// permissions of its own is the user's alone, and in a shared directory the
    /// group's as well.
    package static func open(
        _ name: String, in directory: FileDescriptor, _ mode: OpenMode, permissions: UInt32? = nil
    ) throws(SystemError) -> FileDescriptor {
        // O_NONBLOCK: a planted FIFO must not hang the open; regular files ignore it.
        let flags = mode.flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
        let file = try openingShared(name, in: directory) { () throws(SystemError) in
            try raised(
                try retrying("openat") {
                    openat(directory.rawValue, name, flags, mode_t(permissions ?? 0o600))
                })
        }
        let isOfDirectory = flags & O_CREAT != 0 && permissions == nil
        return isOfDirectory ? try shared(file, in: directory) : file
    }

    /// Opens a directory by its path, following links: the user's spelling of
    /// a place may go through them. The corresponding C function is `open`.
    package static func openDirectory(
        _ path: String
    ) throws(SystemError) -> FileDescriptor {
        try raised(
            try retrying("open") { systemOpen(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
    }

    /// Opens a directory by its path; a link in its own place is refused.
    package static func openOwnDirectory(
        _ path: String
    ) throws(SystemError) -> FileDescriptor {
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW
        return try raised(try retrying("open") { systemOpen(path, flags) })
    }

    /// Opens a directory inside another; a link is refused.
    package static func openDirectory(
        _ name: String, in directory: FileDescriptor
    ) throws(SystemError) -> FileDescriptor {
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW
        return try openingShared(name, in: directory) { () throws(SystemError) in
            try raised(try retrying("openat") { openat(directory.rawValue, name, flags, 0) })
        }
    }

    /// The corresponding C function is `close`. An error is of no use to
    /// anyone: every durable write was flushed before.
    package static func close(_ file: FileDescriptor) {
        _ = systemClose(file.rawValue)
    }

    /// The corresponding C function is `pread`. Returns 0 at the end of the file.
    package static func read(
        _ file: FileDescriptor, into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(SystemError) -> Int {
        try retrying("pread") {
            pread(file.rawValue, buffer.baseAddress, buffer.count, off_t(offset))
        }
    }

    /// The corresponding C function is `pwrite`. May write less than asked.
    package static func write(
        _ file: FileDescriptor, _ bytes: UnsafeRawBufferPointer, at offset: Int
    ) throws(SystemError) -> Int {
        try retrying("pwrite") {
            pwrite(file.rawValue, bytes.baseAddress, bytes.count, off_t(offset))
        }
    }

    /// Reads from a stream. The corresponding C function is `read`.
    package static func read(
        _ file: FileDescriptor, into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Int {
        try retrying("read") { systemRead(file.rawValue, buffer) }
    }

    /// Writes to a stream. The corresponding C function is `write`.
    package static func write(
        _ file: FileDescriptor, _ bytes: UnsafeRawBufferPointer
    ) throws(SystemError) -> Int {
        try retrying("write") { systemWrite(file.rawValue, bytes) }
    }

    /// The corresponding C function is `ftruncate`.
    package static func truncate(_ file: FileDescriptor, to size: Int) throws(SystemError) {
        _ = try retrying("ftruncate") { ftruncate(file.rawValue, off_t(size)) }
    }

    /// The corresponding C function is `fchmod`.
    package static func setPermissions(
        of file: FileDescriptor, to permissions: UInt32
    ) throws(SystemError) {
        _ = try retrying("fchmod") { fchmod(file.rawValue, mode_t(permissions)) }
    }

    /// Makes the entries of a directory durable. The corresponding C function is `fsync`.
    package static func flushDirectory(_ directory: FileDescriptor) throws(SystemError) {
        _ = try retrying("fsync") { fsync(directory.rawValue) }
    }

    /// The corresponding C function is `fstat`.
    package static func status(of file: FileDescriptor) throws(SystemError) -> FileStatus {
        var raw = stat()
        _ = try retrying("fstat") { fstat(file.rawValue, &raw) }
        return FileStatus(raw)
    }

    /// What a name stands for, a link as itself. The corresponding C function is `fstatat`.
    package static func status(
        ofName name: String, in directory: FileDescriptor
    ) throws(SystemError) -> FileStatus {
        var raw = stat()
        _ = try retrying("fstatat") {
            fstatat(directory.rawValue, name, &raw, AT_SYMLINK_NOFOLLOW)
        }
        return FileStatus(raw)
    }

    /// What a path stands for, links followed. The corresponding C function is `stat`.
    package static func status(ofPath path: String) throws(SystemError) -> FileStatus {
        var raw = stat()
        _ = try retrying("stat") { systemStatus(path, &raw) }
        return FileStatus(raw)
    }

    /// The corresponding C function is `mkdirat`. What is made is the user's
    /// alone, and in a shared directory the group's as well, unless that is
    /// none of a store.
    package static func makeDirectory(
        _ name: String, in directory: FileDescriptor, isPrivate: Bool = false
    ) throws(SystemError) {
        _ = try retrying("mkdirat") { mkdirat(directory.rawValue, name, 0o700) }
        if isPrivate { return }
        try share(name, .directory, in: directory, adding: 0o2070)
    }

    /// Makes a directory by its path. The corresponding C function is `mkdir`.
    package static func makeDirectory(
        _ path: String, permissions: UInt32 = 0o700
    ) throws(SystemError) {
        _ = try retrying("mkdir") { mkdir(path, mode_t(permissions)) }
    }

    /// Replaces what the new name stands for. The corresponding C function is `renameat`.
    package static func rename(
        _ name: String, to newName: String, in directory: FileDescriptor
    ) throws(SystemError) {
        _ = try retrying("renameat") {
            renameat(directory.rawValue, name, directory.rawValue, newName)
        }
    }

    /// Gives a file a second name; fails with `EEXIST` where the name is
    /// taken. The corresponding C function is `linkat`.
    package static func link(
        _ name: String, to newName: String, in directory: FileDescriptor
    ) throws(SystemError) {
        _ = try retrying("linkat") {
            linkat(directory.rawValue, name, directory.rawValue, newName, 0)
        }
    }

    /// The corresponding C function is `unlinkat`.
    package static func unlink(
        _ name: String, in directory: FileDescriptor
    ) throws(SystemError) {
        _ = try retrying("unlinkat") { unlinkat(directory.rawValue, name, 0) }
    }

    /// Removes an empty directory. The corresponding C function is `unlinkat` with `AT_REMOVEDIR`.
    package static func removeDirectory(
        _ name: String, in directory: FileDescriptor
    ) throws(SystemError) {
        _ = try retrying("unlinkat") { unlinkat(directory.rawValue, name, AT_REMOVEDIR) }
    }

    /// The names in a directory, `.` and `..` left out, in no order. The
    /// corresponding C function is `readdir`, on a description of its own.
    package static func entries(
        of directory: FileDescriptor
    ) throws(SystemError) -> [String] {
        let own = try openDirectory(".", in: directory)
        guard let stream = fdopendir(own.rawValue) else {
            let error = SystemError.current("fdopendir")
            close(own)
            throw error
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                let error = Errno.current
                if error.rawValue != 0 { throw SystemError("readdir", error) }
                return names
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
    }

    /// The corresponding C function is `flock`. Returns whether it was
    /// granted: `false` only where not waiting and another description holds it.
    package static func lock(
        _ file: FileDescriptor, _ mode: LockMode, waiting: Bool
    ) throws(SystemError) -> Bool {
        let operation = (mode == .exclusive ? LOCK_EX : LOCK_SH) | (waiting ? 0 : LOCK_NB)
        do {
            _ = try retrying("flock") { flock(file.rawValue, operation) }
            return true
        } catch let error where error.errno == .wouldBlock {
            return false
        }
    }

    /// The corresponding C function is `flock` with `LOCK_UN`.
    package static func unlock(_ file: FileDescriptor) throws(SystemError) {
        _ = try retrying("flock") { flock(file.rawValue, LOCK_UN) }
    }
}

/// The two modes of an advisory lock.
package enum LockMode: Hashable, Sendable {
    case exclusive, shared
}
