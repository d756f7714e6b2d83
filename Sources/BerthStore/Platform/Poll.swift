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
    /// - Returns: Bit `i` for the descriptor at place `i`, those of `hangUps`
    ///   after the others; 0 when the time is over.
    package static func wait(
        _ files: [FileDescriptor], hangUps: [FileDescriptor] = [], until deadline: Deadline?
    ) throws(SystemError) -> UInt32 {
        let count = files.count + hangUps.count
        return try withUnsafeTemporaryAllocation(of: pollfd.self, capacity: max(1, count)) {
            entries throws(SystemError) -> UInt32 in
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
                    if let deadline, deadline.isPast { return 0 }
                } else if Errno.current != .interrupted {
                    throw .current("poll")
                }
            }
            var ready: UInt32 = 0
            for index in 0..<count where entries[index].revents != 0 { ready |= 1 << index }
            return ready
        }
    }

    /// Rounded up, so that a wait never ends before its time.
    private static func milliseconds(until deadline: Deadline?) -> Int32 {
        guard let deadline else { return -1 }
        return Int32(clamping: (deadline.remaining + 999_999) / 1_000_000)
    }
}
