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

/// What the calling process is and may.
package enum CurrentProcess {
    /// The corresponding C function is `getpid`.
    package static var identifier: Int32 { getpid() }

    /// The corresponding C function is `geteuid`.
    package static var effectiveUser: UInt32 { UInt32(geteuid()) }
}
