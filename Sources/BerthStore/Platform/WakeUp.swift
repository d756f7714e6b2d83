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
/// Wakes, once, a thread that waits in `poll`: the cancellation of a wait.
///
/// A pipe, because only a descriptor can be waited for beside others. Its byte
/// is never read, so that it wakes whoever waits later as well.
package final class WakeUp: Sendable {
    /// What to wait for.
    package let reading: FileDescriptor
    private let writing: FileDescriptor

    /// The corresponding C function is `pipe`.
    package init() throws(SystemError) {
        var ends: (Int32, Int32) = (-1, -1)
        let result = withUnsafeMutablePointer(to: &ends) { pointer in
            pointer.withMemoryRebound(to: Int32.self, capacity: 2) { pipe($0) }
        }
        if result != 0 { throw .current("pipe") }
        for end in [ends.0, ends.1] {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        reading = FileDescriptor(rawValue: ends.0)
        writing = FileDescriptor(rawValue: ends.1)
    }

    deinit {
        FileCalls.close(reading)
        FileCalls.close(writing)
    }

    package func wake() {
        FileCalls.ring(writing)
    }
}

extension FileCalls {
    /// Puts one byte into a pipe or a FIFO that never blocks. A full one has
    /// bytes enough to wake everybody, and nobody misses one without readers.
    package static func ring(_ file: FileDescriptor) {
        var byte = UInt8(ascii: "!")
        withUnsafeBytes(of: &byte) { bytes in _ = try? write(file, bytes) }
    }

    /// Takes out what was put into a FIFO that never blocks.
    package static func drain(_ file: FileDescriptor) {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
            while let count = try? read(file, into: buffer), count == buffer.count {}
        }
    }
}
