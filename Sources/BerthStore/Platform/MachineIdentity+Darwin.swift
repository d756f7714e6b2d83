// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
    import Darwin

    /// What tells this run of this machine from every other.
    package enum MachineIdentity {
        /// The identifier of this boot: 36 characters of a UUID in lower case.
        /// The corresponding C call is `sysctlbyname` with `kern.bootsessionuuid`.
        ///
        /// It is the same for every process of the machine, and no two boots
        /// share one.
        package static func bootID() throws(SystemError) -> String {
            var buffer = [UInt8](repeating: 0, count: 64)
            var size = buffer.count
            _ = try FileCalls.retrying("sysctlbyname") {
                sysctlbyname("kern.bootsessionuuid", &buffer, &size, nil, 0)
            }
            guard size >= 36 else { throw SystemError("sysctlbyname", .inputOutput) }
            return String(decoding: buffer.prefix(36), as: UTF8.self).lowercased()
        }
    }
#endif
