// SPDX-License-Identifier: Apache-2.0

/// Memory that one read after the other goes into. It only grows.
///
/// Not `Sendable`: it has one user at a time.
final class ReadBuffer {
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    deinit {
        memory.deallocate()
    }

    /// So many bytes, with whatever was in them before.
    func memory(_ count: Int) -> UnsafeMutableRawBufferPointer {
        if memory.count < count {
            memory.deallocate()
            memory = .allocate(byteCount: count, alignment: 16)
        }
        return UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
    }
}
