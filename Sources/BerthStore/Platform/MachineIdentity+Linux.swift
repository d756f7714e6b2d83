// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
    #if canImport(Glibc)
        import Glibc
    #else
        import Musl
    #endif
    import Synchronization

    /// What tells this run of this machine from every other.
    package enum MachineIdentity {
        /// The identifier of this boot: 36 characters of a UUID in lower case.
        /// See `random(4)`, `/proc/sys/kernel/random/boot_id`.
        ///
        /// It is the same for every process and container of the machine, and
        /// no two boots share one. A process asks once: none outlives its boot.
        package static func bootID() throws(SystemError) -> String {
            if let known = known.withLock({ $0 }) { return known }
            let text = try ProcessFiles.read("/proc/sys/kernel/random/boot_id", limit: 64)
            guard text.count >= 36 else { throw SystemError("read", .inputOutput) }
            let boot = String(decoding: text.prefix(36), as: UTF8.self)
            known.withLock { $0 = boot }
            return boot
        }

        /// The identifier, once it has been asked for.
        private static let known = Mutex<String?>(nil)
    }
#endif
