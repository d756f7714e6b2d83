// SPDX-License-Identifier: Apache-2.0

extension Run {
    /// Makes sure that the file is the run that its reference says: its size,
    /// its fences, and the records at both ends. What lies between is verified
    /// when it is read.
    ///
    /// - Complexity: O(f) in the bytes of the fences, one for each 32 KiB.
    func checkOutline(size: Int) throws(StoreError) {
        guard size == reference.bytes else {
            throw damaged(at: size, "it should have " + String(reference.bytes) + " bytes")
        }
        let block = try read(at: reference.fences, count: reference.bytes - reference.fences)
        guard let target = lastTarget(in: block) else {
            throw damaged(at: reference.fences, "the fences are not what was written")
        }
        var window = LineWindow(self, step: 64 * 1024)
        let first = try entry(at: 0, in: &window).entry
        var last = first
        var offset = target
        while offset < reference.fences {
            (last, offset) = try entry(at: offset, in: &window)
        }
        guard first.key.elementsEqual(reference.first.utf8),
            last.key.elementsEqual(reference.last.utf8), offset == reference.fences
        else { throw damaged(at: 0, "its records are not those that it should have") }
    }

    /// Where the last fence leads; nil where the fences are not valid.
    private func lastTarget(in block: [UInt8]) -> Int? {
        block.withUnsafeBytes { block in
            guard isFenceBlock(block), block.last == Frame.fill else { return nil }
            let end = block.count - 1
            let start = (block[..<end].lastIndex(of: Frame.fill) ?? -1) + 1
            return fenceTarget(
                UnsafeRawBufferPointer(rebasing: block[start..<end]),
                at: reference.fences + start)
        }
    }
}
