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

extension FileStatus {
    /// Whether a directory is one that a group shares: it hands its group down,
    /// and the group may write in it. What is made in it is the group's as well.
    package var isShared: Bool { permissions & 0o2020 == 0o2020 }
}

extension FileCalls {
    /// A file that was perhaps made just now, opened to the group of a shared
    /// directory. Another's was there before, and is left as it is. It is closed
    /// where that fails.
    ///
    /// A crash before it leaves a file that its owner alone can open, until he
    /// opens it as he made it.
    static func shared(
        _ file: FileDescriptor, in directory: FileDescriptor
    ) throws(SystemError) -> FileDescriptor {
        do throws(SystemError) {
            guard try status(of: directory).isShared else { return file }
            let status = try status(of: file)
            if status.owner == CurrentProcess.effectiveUser, status.permissions & 0o060 != 0o060 {
                try setPermissions(of: file, to: status.permissions | 0o060)
            }
            return file
        } catch {
            close(file)
            throw error
        }
    }

    /// Opens what was made just now under a name to the group of a shared
    /// directory. What another has put in its place is left alone.
    static func share(
        _ name: String, _ kind: FileKind, in directory: FileDescriptor, adding bits: UInt32
    ) throws(SystemError) {
        guard try status(of: directory).isShared else { return }
        let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
        let made = try raised(try retrying("openat") { openat(directory.rawValue, name, flags, 0) })
        defer { close(made) }
        let status = try status(of: made)
        guard status.kind == kind, status.owner == CurrentProcess.effectiveUser else { return }
        try setPermissions(of: made, to: status.permissions | bits)
    }

    /// Opens a name, and again for some milliseconds where another is just
    /// making it: between that and ``shared(_:in:)`` it is closed to the group.
    static func openingShared(
        _ name: String, in directory: FileDescriptor,
        _ body: () throws(SystemError) -> FileDescriptor
    ) throws(SystemError) -> FileDescriptor {
        for _ in 0..<100 {
            do throws(SystemError) {
                return try body()
            } catch let error where error.errno == .accessDenied {
                guard let parent = try? status(of: directory), parent.isShared,
                    let made = try? status(ofName: name, in: directory),
                    made.permissions & 0o060 != 0o060
                else { throw error }
                _ = try? Poll.wait([], until: Deadline(after: .milliseconds(1)))
            }
        }
        return try body()
    }

    /// Gives a file to a group. The corresponding C function is `fchown`.
    package static func setGroup(
        of file: FileDescriptor, to group: UInt32
    ) throws(SystemError) {
        _ = try retrying("fchown") { fchown(file.rawValue, uid_t.max, gid_t(group)) }
    }
}
