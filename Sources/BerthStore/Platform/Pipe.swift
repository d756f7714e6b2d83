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

/// A pipe between this process and a command that it runs. Whoever makes it
/// closes both ends.
package struct Pipe {
    package let reading: FileDescriptor
    package let writing: FileDescriptor

    /// The corresponding C function is `pipe`.
    package init() throws(SystemError) {
        var ends: (Int32, Int32) = (-1, -1)
        let result = withUnsafeMutablePointer(to: &ends) { pointer in
            pointer.withMemoryRebound(to: Int32.self, capacity: 2) { pipe($0) }
        }
        if result != 0 { throw .current("pipe") }
        for end in [ends.0, ends.1] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        reading = FileDescriptor(rawValue: ends.0)
        writing = FileDescriptor(rawValue: ends.1)
    }

    /// Writes bytes and closes the writing end, on a thread of its own: who
    /// reads may write before it reads, and need not read all.
    package func feed(_ bytes: [UInt8]) throws(SystemError) {
        let file = writing
        try Thread.start {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { try? FileCalls.write(file, $0) }
                guard let count else { break }
                rest = rest.dropFirst(count)
            }
            FileCalls.close(file)
        }
    }
}
