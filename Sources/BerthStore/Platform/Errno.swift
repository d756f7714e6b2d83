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

/// An error number of the system, as `errno` holds it after a failed call.
///
/// The constants are computed, not stored: a stored one would cost each
/// command a lazy initialisation at its first use.
package struct Errno: RawRepresentable, Error, Hashable, Sendable {
    package let rawValue: Int32

    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// Written out: another module would look for a derived one at run time.
    package static func == (one: Errno, other: Errno) -> Bool { one.rawValue == other.rawValue }

    /// The calling thread's `errno`.
    static var current: Errno { Errno(rawValue: errno) }

    package static var notPermitted: Errno { Errno(rawValue: EPERM) }
    package static var noEntry: Errno { Errno(rawValue: ENOENT) }
    package static var noProcess: Errno { Errno(rawValue: ESRCH) }
    package static var interrupted: Errno { Errno(rawValue: EINTR) }
    package static var inputOutput: Errno { Errno(rawValue: EIO) }
    package static var noSuchDevice: Errno { Errno(rawValue: ENXIO) }
    package static var notExecutable: Errno { Errno(rawValue: ENOEXEC) }
    package static var badDescriptor: Errno { Errno(rawValue: EBADF) }
    package static var noChild: Errno { Errno(rawValue: ECHILD) }
    package static var wouldBlock: Errno { Errno(rawValue: EWOULDBLOCK) }
    package static var noMemory: Errno { Errno(rawValue: ENOMEM) }
    package static var accessDenied: Errno { Errno(rawValue: EACCES) }
    package static var exists: Errno { Errno(rawValue: EEXIST) }
    package static var notDirectory: Errno { Errno(rawValue: ENOTDIR) }
    package static var isDirectory: Errno { Errno(rawValue: EISDIR) }
    package static var invalid: Errno { Errno(rawValue: EINVAL) }
    package static var outOfRange: Errno { Errno(rawValue: ERANGE) }
    package static var tryAgain: Errno { Errno(rawValue: EAGAIN) }
    package static var systemFilesExhausted: Errno { Errno(rawValue: ENFILE) }
    package static var processFilesExhausted: Errno { Errno(rawValue: EMFILE) }
    package static var fileTooLarge: Errno { Errno(rawValue: EFBIG) }
    package static var noSpace: Errno { Errno(rawValue: ENOSPC) }
    package static var quotaExceeded: Errno { Errno(rawValue: EDQUOT) }
    package static var readOnlyFileSystem: Errno { Errno(rawValue: EROFS) }
    package static var brokenPipe: Errno { Errno(rawValue: EPIPE) }
    package static var nameTooLong: Errno { Errno(rawValue: ENAMETOOLONG) }
    package static var noLocks: Errno { Errno(rawValue: ENOLCK) }
    package static var notEmpty: Errno { Errno(rawValue: ENOTEMPTY) }
    package static var symbolicLinkLoop: Errno { Errno(rawValue: ELOOP) }
    package static var notSupported: Errno { Errno(rawValue: EOPNOTSUPP) }
    package static var addressInUse: Errno { Errno(rawValue: EADDRINUSE) }
    package static var addressNotAvailable: Errno { Errno(rawValue: EADDRNOTAVAIL) }
    package static var familyNotSupported: Errno { Errno(rawValue: EAFNOSUPPORT) }
    package static var protocolNotSupported: Errno { Errno(rawValue: EPROTONOSUPPORT) }

    /// Whether the file system has no room: the disk, a quota or the process's own limit.
    package var isNoRoom: Bool {
        self == .noSpace || self == .quotaExceeded || self == .fileTooLarge
    }

    /// Whether the process or the machine is out of descriptors, memory or locks.
    package var isExhaustion: Bool {
        self == .processFilesExhausted || self == .systemFilesExhausted || self == .noMemory
            || self == .noLocks
    }

    /// Whether the caller lacks a permission.
    package var isPermission: Bool {
        self == .accessDenied || self == .notPermitted
    }
}

extension Errno: CustomStringConvertible {
    /// The system's own words, as `strerror` gives them.
    package var description: String {
        guard let text = strerror(rawValue) else { return "error" }
        return String(cString: text)
    }
}

/// A system call that failed: which, and why.
package struct SystemError: Error, Hashable, Sendable {
    /// The call's name as the manual spells it, such as `pwrite`.
    package let call: String
    package let errno: Errno

    package init(_ call: String, _ errno: Errno) {
        self.call = call
        self.errno = errno
    }

    /// The error that the calling thread's `errno` now holds.
    static func current(_ call: String) -> SystemError {
        SystemError(call, .current)
    }
}

extension SystemError: CustomStringConvertible {
    package var description: String { call + ": " + errno.description }
}
