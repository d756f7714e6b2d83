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

/// What is done to a file that a user wants locked.
package enum FileLockKind: Hashable, Sendable {
    case exclusive, shared, unlocked
}

/// The bytes of a file that a lock is for.
package struct FileLockRange: Hashable, Sendable {
    package let start: Int64
    /// 0 is up to the end, wherever it comes to be.
    package let length: Int64

    package init(start: Int64, length: Int64) {
        self.start = start
        self.length = length
    }
}

extension FileCalls {
    /// Opens a file that a user wants locked: links are followed, it is made
    /// where it is missing, and never truncated. A directory is opened for
    /// reading. The corresponding C function is `open`.
    ///
    /// - Returns: The file, and whether it is open for what was asked.
    package static func openToLock(
        _ path: [UInt8], _ mode: OpenMode
    ) throws(SystemError) -> (file: FileDescriptor, isAsAsked: Bool) {
        let flags = O_NOCTTY | O_CLOEXEC
        do throws(SystemError) {
            let file = try retrying("open") {
                withCString(path) { systemOpen($0, mode.flags | flags | O_CREAT, 0o666) }
            }
            return (try raised(file), true)
        } catch let error where error.errno == .isDirectory {
            let file = try retrying("open") {
                withCString(path) { systemOpen($0, O_RDONLY | flags, 0) }
            }
            return (try raised(file), mode == .reading)
        }
    }

    /// Whether a descriptor was open when this process was started: each that it
    /// has opened itself is close-on-exec. The corresponding C function is
    /// `fcntl` with `F_GETFD`.
    package static func isInherited(_ file: FileDescriptor) -> Bool {
        fcntl(file.rawValue, F_GETFD) & FD_CLOEXEC == 0
    }

    /// Whether this user may read and write a file. The corresponding C function is `access`.
    package static func isReadableAndWritable(_ path: [UInt8]) -> Bool {
        withCString(path) { access($0, R_OK | W_OK) } == 0
    }

    /// Locks or unlocks a file, for all who share the open description. A
    /// signal ends the wait with `EINTR`, unlike that of all other calls. The
    /// corresponding C functions are `flock`, and for a range `fcntl` with
    /// `F_OFD_SETLK`.
    package static func lockInterruptibly(
        _ file: FileDescriptor, _ kind: FileLockKind, _ range: FileLockRange?, waiting: Bool
    ) throws(SystemError) {
        guard let range else {
            let operation =
                switch kind {
                case .exclusive: LOCK_EX
                case .shared: LOCK_SH
                case .unlocked: LOCK_UN
                }
            let result = flock(file.rawValue, operation | (waiting ? 0 : LOCK_NB))
            if result == -1 { throw .current("flock") }
            return
        }
        var bytes = flock()
        bytes.l_whence = Int16(SEEK_SET)
        bytes.l_start = off_t(range.start)
        bytes.l_len = off_t(range.length)
        switch kind {
        case .exclusive: bytes.l_type = Int16(F_WRLCK)
        case .shared: bytes.l_type = Int16(F_RDLCK)
        case .unlocked: bytes.l_type = Int16(F_UNLCK)
        }
        let command = waiting ? setRangeLockWaiting : setRangeLock
        if fcntl(file.rawValue, command, &bytes) == -1 { throw .current("fcntl") }
    }

    /// Lends a text as C does.
    private static func withCString<Result>(
        _ text: [UInt8], _ body: (UnsafePointer<CChar>) -> Result
    ) -> Result {
        withCStrings([text]) { pointers in
            guard let text = pointers[0] else { preconditionFailure("a text without a place") }
            return body(text)
        }
    }
}
