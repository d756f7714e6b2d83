// SPDX-License-Identifier: Apache-2.0

/// What this process keeps of a run that it looks into again and again: the
/// fences, and the blocks of records that it looked into last, each read and
/// verified once.
///
/// Nothing is kept before as much was read for want of it: so one look into a
/// large store reads a few pages, and many cost at most about twice what they
/// would if everything had been kept from the beginning.
///
/// `@unchecked Sendable` because everything that varies is only touched under
/// the monitor.
final class RunMemory: @unchecked Sendable {
    private let monitor = Monitor()
    private var fences: FenceTable?
    /// How much was read to find blocks without the fences in memory.
    private var bytesSearched = 0
    /// From the one that was looked into last to the one of which it is longest ago.
    private var blocks: [Block] = []

    private struct Block {
        let start: Int
        /// nil where it was looked into once.
        var records: EntryTable?
    }

    /// About what one search reads of a region.
    private static var bytesOfSearch: Int { 16 * 1024 }
    /// So many blocks are kept, of `StoreLimits.fenceBytes` each.
    private static var mostBlocks: Int { 8 }

    /// The fences; nil while they are not worth having.
    func fences(
        size: Int, _ read: () throws(StoreError) -> FenceTable
    ) throws(StoreError) -> FenceTable? {
        monitor.lock()
        defer { monitor.unlock() }
        if let fences { return fences }
        guard bytesSearched >= size else {
            bytesSearched += Self.bytesOfSearch
            return nil
        }
        let fences = try read()
        self.fences = fences
        return fences
    }

    /// The records of a block between two fences; nil where it is looked into
    /// for the first time, as far as is remembered.
    func records(
        of block: Range<Int>, _ read: () throws(StoreError) -> EntryTable
    ) throws(StoreError) -> EntryTable? {
        monitor.lock()
        defer { monitor.unlock() }
        guard let index = blocks.firstIndex(where: { $0.start == block.lowerBound }) else {
            if blocks.count == Self.mostBlocks { blocks.removeLast() }
            blocks.insert(Block(start: block.lowerBound), at: 0)
            return nil
        }
        var known = blocks.remove(at: index)
        if known.records == nil { known.records = try read() }
        blocks.insert(known, at: 0)
        return known.records
    }
}
