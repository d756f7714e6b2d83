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

extension UnsafeRawBufferPointer {
    /// Where the first newline at or after a position is; nil where there is
    /// none. The corresponding C function is `memchr`.
    func firstNewline(from start: Int) -> Int? {
        guard let base = baseAddress, start < count,
            let found = memchr(base + start, 10, count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    /// Less than, equal to or greater than 0 as these bytes stand before, at
    /// or after the others. The corresponding C function is `memcmp`.
    func compare(_ other: UnsafeRawBufferPointer) -> Int {
        let common = Swift.min(count, other.count)
        if common > 0, let left = baseAddress, let right = other.baseAddress {
            let result = memcmp(left, right, common)
            if result != 0 { return Int(result) }
        }
        return count - other.count
    }
}
