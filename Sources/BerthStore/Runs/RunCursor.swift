// SPDX-License-Identifier: Apache-2.0

/// Walks over the records of a run in the order of their keys.
struct RunCursor: EntryCursor {
    private let run: Run
    /// Those that it begins with, where they are in memory and verified.
    private var records: TableCursor?
    private var window: LineWindow
    private var offset: Int

    /// How much of the file is read first, and at last at a time.
    private static var firstWindow: Int { 4096 }
    private static var longestWindow: Int { 64 * 1024 }

    /// Begins with the record at an offset.
    init(_ run: Run, at offset: Int) {
        self.run = run
        self.offset = offset
        window = LineWindow(run, step: Self.firstWindow, growingTo: Self.longestWindow)
    }

    /// Begins with a key, among the records of a block that ends at an offset.
    init(
        _ run: Run, _ records: EntryTable, from wanted: UnsafeRawBufferPointer,
        endingAt offset: Int
    ) {
        self.init(run, at: offset)
        self.records = TableCursor(records, from: records.index(of: wanted))
    }

    mutating func next() throws(StoreError) -> Entry? {
        if let entry = records?.next() { return entry }
        records = nil
        guard offset < run.reference.fences else { return nil }
        let (entry, next) = try run.entry(at: offset, in: &window)
        offset = next
        return entry
    }
}
