// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
    #if canImport(Glibc)
        import Glibc
    #else
        import Musl
    #endif

    /// What tells this run of this machine from every other.
    package enum MachineIdentity {
        /// The identifier of this boot: 36 characters of a UUID in lower case.
        /// See `random(4)`, `/proc/sys/kernel/random/boot_id`.
        ///
        /// It is the same for every process and container of the machine, and
        /// no two boots share one.
        package static func bootID() throws(SystemError) -> String {
            let text = try ProcessFiles.read("/proc/sys/kernel/random/boot_id", limit: 64)
            guard text.count >= 36 else { throw SystemError("read", .inputOutput) }
            return String(decoding: text.prefix(36), as: UTF8.self)
        }
    }
#endif
