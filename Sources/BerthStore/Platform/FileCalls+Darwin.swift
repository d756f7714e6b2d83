// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
    import Darwin

    extension FileCalls {
        /// How many names a file has. The corresponding C function is `fstat`.
        package static func links(of file: FileDescriptor) throws(SystemError) -> Int {
            try status(of: file).links
        }

        /// `F_OFD_SETLK` and `F_OFD_SETLKW`, which the C library's headers hide.
        static var setRangeLock: Int32 { 90 }
        static var setRangeLockWaiting: Int32 { 91 }

        /// Makes a file's bytes durable. The corresponding C call is `fcntl`
        /// with `F_FULLFSYNC`: `fsync` stops at the drive's own cache there.
        package static func flush(_ file: FileDescriptor) throws(SystemError) {
            if fcntl(file.rawValue, F_FULLFSYNC) != -1 { return }
            switch Errno.current {
            case .interrupted where fcntl(file.rawValue, F_FULLFSYNC) != -1:
                return
            case .notSupported, .invalid:
                if fsync(file.rawValue) == 0 { return }
                throw .current("fsync")
            case let error:
                throw SystemError("fcntl", error)
            }
        }

        /// The kind of file system a file is on, where it is not of this
        /// machine; nil where it can be trusted. The corresponding C function
        /// is `fstatfs`.
        package static func unsafeFileSystem(
            of file: FileDescriptor
        ) throws(SystemError) -> String? {
            var status = statfs()
            _ = try retrying("fstatfs") { fstatfs(file.rawValue, &status) }
            guard status.f_flags & UInt32(MNT_LOCAL) == 0 else { return nil }
            return withUnsafePointer(to: &status.f_fstypename) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 16) { String(cString: $0) }
            }
        }
    }
#endif
