// SPDX-License-Identifier: Apache-2.0

extension StoreEngine {
    /// Merges everything that is there now into one run. Writers wait for the
    /// rotations before and after, and not for the merge.
    func compact(
        until deadline: Duration?, _ progress: @escaping ProgressReport
    ) throws(StoreError) {
        let merger = RunMerger(directory: directory, limits: limits)
        _ = try merger.mergeAll(progress) { () throws(StoreError) in
            try asWriter(until: deadline.map(Deadline.init(after:))) {
                generation throws(StoreError) in
                // Whatever waits for its name would lose its inputs to this merge.
                let living = try directory.livingMerges(generation.header)
                if generation.tail.count > 0 || living.contains(where: \.isFinished) {
                    try rotate(generation)
                }
            }
        }
        try asWriter(until: deadline.map(Deadline.init(after:))) {
            generation throws(StoreError) in
            try rotate(generation)
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

    /// Runs a body as the store's only writer, on the current generation.
    func asWriter(
        until deadline: Deadline?, _ body: (Generation) throws(StoreError) -> Void
    ) throws(StoreError) {
        let entered = try enter(until: deadline)
        defer {
            leave(entered)
            settleAftermath()
        }
        state.lock()
        defer { state.unlock() }
        do throws(StoreError) {
            // What is made of the lines for good is made of what the file holds.
            generation = nil
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
