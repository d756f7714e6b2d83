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

/// An open file, by its number. The owner closes it; a copy owns nothing.
package struct FileDescriptor: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int32

    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    package static var standardInput: FileDescriptor { FileDescriptor(rawValue: 0) }
    package static var standardOutput: FileDescriptor { FileDescriptor(rawValue: 1) }
    package static var standardError: FileDescriptor { FileDescriptor(rawValue: 2) }
}

/// What a name in a directory stands for.
package enum FileKind: Hashable, Sendable {
    case regular, directory, symbolicLink, fifo, other
}

/// Which file it is, whatever names it has: its device and inode.
package struct FileIdentity: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64

    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }

    /// Written out: another module would look for a derived one at run time.
    package static func == (one: FileIdentity, other: FileIdentity) -> Bool {
        one.device == other.device && one.inode == other.inode
    }
}

/// What `fstat` says of a file.
package struct FileStatus: Hashable, Sendable {
    package let identity: FileIdentity
    package let kind: FileKind
    package let links: Int
    package let owner: UInt32
    package let group: UInt32
    /// The permission bits alone.
    package let permissions: UInt32
    package let size: Int

    package var isRegular: Bool {
        switch kind {
        case .regular: true
        default: false
        }
    }

    package init(
        identity: FileIdentity, kind: FileKind, links: Int, owner: UInt32, group: UInt32,
        permissions: UInt32, size: Int
    ) {
        self.identity = identity
        self.kind = kind
        self.links = links
        self.owner = owner
        self.group = group
        self.permissions = permissions
        self.size = size
    }

    init(_ raw: stat) {
        let kind: FileKind
        switch raw.st_mode & S_IFMT {
        case S_IFREG: kind = .regular
        case S_IFDIR: kind = .directory
        case S_IFLNK: kind = .symbolicLink
        case S_IFIFO: kind = .fifo
        default: kind = .other
        }
        self.init(
            identity: FileIdentity(
                device: UInt64(truncatingIfNeeded: raw.st_dev),
                inode: UInt64(truncatingIfNeeded: raw.st_ino)),
            kind: kind, links: Int(raw.st_nlink), owner: UInt32(raw.st_uid),
            group: UInt32(raw.st_gid), permissions: UInt32(raw.st_mode & 0o7777),
            size: Int(raw.st_size))
    }
}

/// An open file, and what it was when it was opened. The owner closes it.
package struct OpenFile: Hashable, Sendable {
    package let descriptor: FileDescriptor
    package let status: FileStatus

    package init(descriptor: FileDescriptor, status: FileStatus) {
        self.descriptor = descriptor
        self.status = status
    }
}
