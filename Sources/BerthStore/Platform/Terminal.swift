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

package enum Terminal {
    /// The corresponding C function is `isatty`.
    package static func isTerminal(_ file: FileDescriptor) -> Bool {
        isatty(file.rawValue) == 1
    }

    /// The columns of the terminal that a file is, nil where it is none or
    /// does not say. The corresponding C call is `ioctl` with `TIOCGWINSZ`.
    package static func width(_ file: FileDescriptor) -> Int? {
        var size = winsize()
        guard ioctl(file.rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return nil
        }
        return Int(size.ws_col)
    }
}
