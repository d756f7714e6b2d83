// SPDX-License-Identifier: Apache-2.0

/// SipHash-2-4: a keyed hash of 64 bits.
///
/// Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012.
package struct SipHash: Hashable, Sendable {
    package let k0: UInt64
    package let k1: UInt64

    package init(k0: UInt64, k1: UInt64) {
        self.k0 = k0
        self.k1 = k1
    }

    /// - Complexity: O(n) in the number of bytes.
    package func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state = State(self)
        let count = bytes.count
        let whole = count & ~7
        var offset = 0
        while offset < whole {
            let word = UInt64(
                littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            state.compress(word)
            offset &+= 8
        }
        var last = UInt64(truncatingIfNeeded: count) &<< 56
        var shift: UInt64 = 0
        while offset < count {
            last |= UInt64(bytes[offset]) &<< shift
            shift &+= 8
            offset &+= 1
        }
        state.compress(last)
        return state.finish()
    }

    private struct State {
        private var v0: UInt64
        private var v1: UInt64
        private var v2: UInt64
        private var v3: UInt64

        init(_ key: SipHash) {
            v0 = key.k0 ^ 0x736F_6D65_7073_6575
            v1 = key.k1 ^ 0x646F_7261_6E64_6F6D
            v2 = key.k0 ^ 0x6C79_6765_6E65_7261
            v3 = key.k1 ^ 0x7465_6462_7974_6573
        }

        @inline(__always)
        mutating func compress(_ word: UInt64) {
            v3 ^= word
            round()
            round()
            v0 ^= word
        }

        @inline(__always)
        mutating func finish() -> UInt64 {
            v2 ^= 0xFF
            round()
            round()
            round()
            round()
            return v0 ^ v1 ^ v2 ^ v3
        }

        @inline(__always)
        private mutating func round() {
            v0 = v0 &+ v1
            v1 = (v1 &<< 13) | (v1 &>> 51)
            v1 ^= v0
            v0 = (v0 &<< 32) | (v0 &>> 32)
            v2 = v2 &+ v3
            v3 = (v3 &<< 16) | (v3 &>> 48)
            v3 ^= v2
            v0 = v0 &+ v3
            v3 = (v3 &<< 21) | (v3 &>> 43)
            v3 ^= v0
            v2 = v2 &+ v1
            v1 = (v1 &<< 17) | (v1 &>> 47)
            v1 ^= v2
            v2 = (v2 &<< 32) | (v2 &>> 32)
        }
    }
}
