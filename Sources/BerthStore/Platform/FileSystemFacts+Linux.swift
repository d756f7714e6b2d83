// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
    #if canImport(Glibc)
        import Glibc
    #else
        import Musl
    #endif

    extension FileCalls {
        /// What the file system of a file is. The corresponding C functions
        /// are `fstatfs` and `fstatvfs`.
        package static func fileSystem(
            of file: FileDescriptor
        ) throws(SystemError) -> FileSystemFacts {
            let number = try fileSystemNumber(of: file)
            let kind: String
            switch number {
            case 0xEF53: kind = "ext4"
            case 0x5846_5342: kind = "XFS"
            case 0x9123_683E: kind = "Btrfs"
            case 0x0102_1994: kind = "tmpfs"
            case 0x8584_58F6: kind = "ramfs"
            case 0x794C_7630: kind = "overlay"
            case 0x2FC1_2FC1: kind = "ZFS"
            case 0xF2F5_2010: kind = "F2FS"
            default: kind = "0x" + String(number, radix: 16)
            }
            var status = statvfs()
            _ = try retrying("fstatvfs") { fstatvfs(file.rawValue, &status) }
            return FileSystemFacts(
                kind: kind, isVolatile: kind == "tmpfs" || kind == "ramfs",
                blocks: status.f_bavail, of: status.f_frsize)
        }
    }
#endif
