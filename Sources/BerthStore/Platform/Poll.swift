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

/// Waiting for the first of several descriptors that has something to say.
package enum Poll {
    /// Waits until a descriptor can be read, or has lost its last writer, or a
    /// deadline has passed. The corresponding C function is `poll`.
    ///
    /// Of a descriptor among `hangUps` only the loss of its last writer counts.
    ///
    /// - Returns: The place of the first that is ready, those of `hangUps`
    ///   after the others; nil when the time is over.
    package static func wait(
        _ files: [FileDescriptor], hangUps: [FileDescriptor] = [], until deadline: Deadline?
    ) throws(SystemError) -> Int? {
        let count = files.count + hangUps.count
        return try withUnsafeTemporaryAllocation(of: pollfd.self, capacity: max(1, count)) {
            entries throws(SystemError) -> Int? in
            for (index, file) in (files + hangUps).enumerated() {
                let events = index < files.count ? Int16(POLLIN) : 0
                entries.initializeElement(
                    at: index, to: pollfd(fd: file.rawValue, events: events, revents: 0))
            }
            while true {
                let result = poll(
                    entries.baseAddress, nfds_t(count), milliseconds(until: deadline))
                if result > 0 { break }
                if result == 0 {
                    if let deadline, deadline.isPast { return nil }
                } else if Errno.current != .interrupted {
                    throw .current("poll")
                }
            }
            return (0..<count).first { entries[$0].revents != 0 }
        }
    }

    /// Whether a FIFO that is open for reading has something to say, and is
    /// still open for writing. The corresponding C function is `poll`.
    package static func isRung(_ fifo: FileDescriptor) -> Bool {
        var entry = pollfd(fd: fifo.rawValue, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) == 1 && Int32(entry.revents) & (POLLIN | POLLHUP) == POLLIN
    }

    /// Whether a FIFO that is open for reading has lost its last writer. The
    /// corresponding C function is `poll`.
    package static func hasHungUp(_ fifo: FileDescriptor) -> Bool {
        var entry = pollfd(fd: fifo.rawValue, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) == 1 && Int32(entry.revents) & POLLHUP != 0
    }

    /// Rounded up, so that a wait never ends before its time.
    private static func milliseconds(until deadline: Deadline?) -> Int32 {
        guard let deadline else { return -1 }
        return Int32(clamping: (deadline.remaining + 999_999) / 1_000_000)
    }
}
