// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
    import Darwin

    extension FileCalls {
        /// What the file system of a file is. The corresponding C function is `fstatfs`.
        package static func fileSystem(
            of file: FileDescriptor
        ) throws(SystemError) -> FileSystemFacts {
            var status = statfs()
            _ = try retrying("fstatfs") { fstatfs(file.rawValue, &status) }
            let kind = withUnsafePointer(to: &status.f_fstypename) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 16) { String(cString: $0) }
            }
            return FileSystemFacts(
                kind: kind, isVolatile: kind == "tmpfs", blocks: status.f_bavail,
                of: status.f_bsize)
        }
    }
#endif
