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

extension MachineIdentity {
    /// The name of this machine. The corresponding C function is `gethostname`.
    package static func hostName() throws(SystemError) -> String {
        try withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) {
            buffer throws(SystemError) -> String in
            buffer.initialize(repeating: 0)
            guard let base = buffer.baseAddress, gethostname(base, 255) == 0 else {
                throw .current("gethostname")
            }
            return String(cString: base)
        }
    }
}
