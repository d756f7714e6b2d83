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
/// Which ends of a FIFO are opened.
package enum FifoEnd: Hashable, Sendable {
    case reading, writing, both
}

extension FileCalls {
    /// The corresponding C function is `mkfifoat`.
    package static func makeFifo(
        _ name: String, in directory: FileDescriptor
    ) throws(SystemError) {
        _ = try retrying("mkfifoat") { mkfifoat(directory.rawValue, name, 0o600) }
        try share(name, .fifo, in: directory, adding: 0o060)
    }

    /// Opens a FIFO without waiting for its other end; `writing` fails with
    /// `ENXIO` where nobody reads. What is no FIFO is refused with `EINVAL`.
    package static func openFifo(
        _ name: String, in directory: FileDescriptor, _ end: FifoEnd
    ) throws(SystemError) -> FileDescriptor {
        let mode =
            switch end {
            case .reading: OpenMode.reading
            case .writing: OpenMode.writing
            case .both: OpenMode.readingAndWriting
            }
        let file = try open(name, in: directory, mode)
        do throws(SystemError) {
            if try status(of: file).kind == .fifo { return file }
        } catch {
            close(file)
            throw error
        }
        close(file)
        throw SystemError("openat", .invalid)
    }

    /// Puts a descriptor out of the way of the numbers that scripts choose for
    /// themselves. The corresponding C call is `fcntl` with `F_DUPFD_CLOEXEC`.
    ///
    /// - Returns: A new descriptor of 200 or more, or as high as the process's limit allows.
    package static func duplicateHigh(
        _ file: FileDescriptor
    ) throws(SystemError) -> FileDescriptor {
        var lowest: Int32 = 200
        while true {
            do {
                let number = try retrying("fcntl") {
                    fcntl(file.rawValue, F_DUPFD_CLOEXEC, lowest)
                }
                return FileDescriptor(rawValue: number)
            } catch let error
                where lowest > 3 && (error.errno == .invalid || error.errno.isExhaustion)
            {
                lowest /= 2
            }
        }
    }
}
