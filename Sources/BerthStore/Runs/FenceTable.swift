// SPDX-License-Identifier: Apache-2.0

/// The fences of a run, in memory: the first key of each block of records, and
/// where the block begins.
struct FenceTable: Sendable {
    private let bytes: [UInt8]
    private let fences: [Fence]
    /// Where the records end.
    private let end: Int

    private struct Fence: Sendable {
        let key: Range<Int>
        let target: Int
    }

    /// Reads verified lines, which begin where the records end; nil where they
    /// are not fences that lead further and further.
    init?(_ bytes: [UInt8], at end: Int) {
        let fences = bytes.withUnsafeBytes { bytes -> [Fence]? in
            var fences: [Fence] = []
            var start = 0
            while start < bytes.count {
                guard let newline = bytes.firstNewline(from: start),
                    let line = RunLine(
                        verified: UnsafeRawBufferPointer(rebasing: bytes[start..<newline]),
                        at: end + start),
                    case .fence(let target) = line.content, target < end,
                    target > fences.last?.target ?? -1
                else { return nil }
                fences.append(Fence(key: line.key.moved(by: start), target: target))
                start = newline + 1
            }
            return fences
        }
        guard let fences, fences.first?.target == 0 else { return nil }
        self.bytes = bytes
        self.fences = fences
        self.end = end
    }

    /// The block that a key belongs to; nil where it is less than all.
    ///
    /// - Complexity: O(log n) in the number of blocks.
    func block(of wanted: UnsafeRawBufferPointer) -> Range<Int>? {
        let next = bytes.withUnsafeBytes { bytes in
            fences.partitionPoint { fence in
                UnsafeRawBufferPointer(rebasing: bytes[fence.key]).compare(wanted) > 0
            }
        }
        guard next > 0 else { return nil }
        return fences[next - 1].target..<(next < fences.count ? fences[next].target : end)
    }
}
