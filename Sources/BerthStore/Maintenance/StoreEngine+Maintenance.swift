// SPDX-License-Identifier: Apache-2.0

extension StoreEngine {
    /// Begins a generation whose journal is empty and which has one run.
    func compact(until deadline: Deadline?) throws(StoreError) {
        try asWriter(until: deadline) { generation throws(StoreError) in
            try rotate(generation, merging: generation.runs.count)
        }
    }

    /// Gives a store that holds nothing its records, all of them or none: a
    /// crash leaves a run that no header names.
    func load(_ addition: Addition, until deadline: Deadline?) throws(StoreError) {
        try asWriter(until: deadline) { generation throws(StoreError) in
            guard try generation.snapshot.isEmpty() else {
                throw StoreError(
                    .cannotCreate,
                    "the store " + directory.path
                        + " holds records already; name one that is empty or not there yet")
            }
            try rotate(generation, merging: generation.runs.count, adding: addition)
        }
    }

    private func asWriter(
        until deadline: Deadline?, _ body: (Generation) throws(StoreError) -> Void
    ) throws(StoreError) {
        let entered = try enter(until: deadline)
        defer { leave(entered) }
        state.lock()
        defer { state.unlock() }
        do throws(StoreError) {
            try body(try settle(entered))
        } catch {
            // Whatever was seen is looked at afresh the next time.
            generation = nil
            throw error
        }
    }
}

extension Snapshot {
    /// Walks over all entries, tombstones included.
    func allEntries() throws(StoreError) -> MergedCursor {
        try MergedCursor(cursors(from: []))
    }

    fileprivate func isEmpty() throws(StoreError) -> Bool {
        var cursor = try allEntries()
        while let entry = try cursor.next() {
            if entry.value != nil { return false }
        }
        return true
    }
}
