// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
    #if canImport(Glibc)
        import Glibc
    #else
        import Musl
    #endif

    // Neither C library module shows this one to Swift; it is not variadic, and
    // the first word of the structure it fills is `f_type` on every 64-bit Linux.
    @_silgen_name("fstatfs")
    private func systemStatFS(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer) -> Int32

    // Nor this one; it fills 256 bytes, with `stx_nlink` in the fifth word.
    @_silgen_name("statx")
    private func systemStatX(
        _ directory: Int32, _ path: UnsafePointer<CChar>, _ flags: Int32, _ mask: UInt32,
        _ buffer: UnsafeMutableRawPointer
    ) -> Int32

    extension FileCalls {
        /// How many names a file has. The corresponding C function is `statx`.
        ///
        /// `fstat` would ask for the times too: where the kernel keeps them
        /// fine, a file whose time was seen gets a new one with its next
        /// write, and the flush of that one has to commit it.
        package static func links(of file: FileDescriptor) throws(SystemError) -> Int {
            let emptyPath: Int32 = 0x1000
            let numberOfLinks: UInt32 = 0x4
            return try withUnsafeTemporaryAllocation(byteCount: 256, alignment: 8) {
                buffer throws(SystemError) -> Int in
                guard let base = buffer.baseAddress else { return 0 }
                _ = try retrying("statx") {
                    systemStatX(file.rawValue, "", emptyPath, numberOfLinks, base)
                }
                return Int(base.load(fromByteOffset: 16, as: UInt32.self))
            }
        }

        /// `F_OFD_SETLK` and `F_OFD_SETLKW`, which the C library's headers hide.
        static var setRangeLock: Int32 { 37 }
        static var setRangeLockWaiting: Int32 { 38 }

        /// Makes a file's bytes durable. The corresponding C function is `fdatasync`.
        ///
        /// Interrupted once, it is repeated once; it is not repeated after any
        /// other failure, because a second success would say nothing of the
        /// bytes that the first one lost.
        package static func flush(_ file: FileDescriptor) throws(SystemError) {
            if fdatasync(file.rawValue) == 0 { return }
            if Errno.current == .interrupted, fdatasync(file.rawValue) == 0 { return }
            throw .current("fdatasync")
        }

        /// The magic number of the file system a file is on. The corresponding
        /// C function is `fstatfs`.
        static func fileSystemNumber(of file: FileDescriptor) throws(SystemError) -> UInt32 {
            let number = try withUnsafeTemporaryAllocation(byteCount: 512, alignment: 8) {
                buffer throws(SystemError) -> Int in
                guard let base = buffer.baseAddress else { return 0 }
                _ = try retrying("fstatfs") { systemStatFS(file.rawValue, base) }
                return base.load(as: Int.self)
            }
            return UInt32(truncatingIfNeeded: number)
        }

        /// The kind of file system a file is on, where `flock` is known to lie
        /// or to reach other machines; nil where it can be trusted. The
        /// corresponding C function is `fstatfs`.
        package static func unsafeFileSystem(
            of file: FileDescriptor
        ) throws(SystemError) -> String? {
            switch try fileSystemNumber(of: file) {
            case 0x6969: return "NFS"
            case 0x517B, 0xFF53_4D42, 0xFE53_4D42: return "SMB"
            case 0x0102_1997: return "9p"
            case 0x6573_5546: return "FUSE"
            case 0x5346_414F, 0x6B41_4653: return "AFS"
            case 0x00C3_6400: return "Ceph"
            case 0x0BD0_0BD0: return "Lustre"
            case 0x564C: return "NCP"
            default: return nil
            }
        }
    }
#endif
