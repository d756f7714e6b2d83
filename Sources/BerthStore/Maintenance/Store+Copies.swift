// SPDX-License-Identifier: Apache-2.0

extension Store {
    /// Writes a copy of the store, as it was at one moment, to a place where
    /// nothing is yet. Blocks the current thread; no writer waits.
    ///
    /// The copy is a store of its own, with an identity of its own. Its
    /// records keep their versions, and its versions go on from there. A crash
    /// leaves no store at the place, but perhaps a directory beside it whose
    /// name contains `.incomplete-`; the next copy that is made beside it
    /// removes that.
    ///
    /// - Parameters:
    ///   - path: the copy's, absolute.
    ///   - progress: hears how many records of how many were written.
    /// - Returns: the number of the last transaction in the copy.
    /// - Throws: `notFound` where there is no store, `cannotCreate` where
    ///   something is at the place.
    @discardableResult
    package func backUp(
        to path: String, progress: @escaping ProgressReport = { _, _ in }
    ) throws(StoreError) -> UInt64 {
        guard let durability = try durability(), let engine = try current(creating: false) else {
            throw .noStore(self.path)
        }
        let snapshot = try snapshot()
        try StagedStore.make(
            at: path, outside: engine.directory.identity, durability: durability, environment
        ) { () throws(StoreError) in
            StoreEngine.Addition(
                entries: ReportingCursor(
                    try snapshot.allEntries(), total: snapshot.entryCount, progress),
                number: snapshot.version)
        }
        return snapshot.version
    }

    /// Merges all runs and the journal, as they are now, into one run. Blocks
    /// the current thread, also while another large merge is under way; other
    /// writers wait for a moment at the beginning and at the end.
    ///
    /// - Parameter progress: hears how many records of how many were merged.
    /// - Throws: `notFound` where there is no store.
    package func compact(
        progress: @escaping ProgressReport = { _, _ in }
    ) throws(StoreError) {
        guard try durability() != nil, let engine = try current(creating: false) else {
            throw .noStore(path)
        }
        try engine.compact(until: options.lockTimeout, progress)
    }

    /// What merges the runs of the store beside everything else.
    ///
    /// - Throws: `notFound` where there is no store.
    package func merger() throws(StoreError) -> RunMerger {
        guard let directory = try StoreDirectory.open(path, creating: false, environment) else {
            throw .noStore(path)
        }
        return RunMerger(directory: directory, limits: environment.limits)
    }

    /// Gives a store that holds nothing, or is not there yet, the records of a
    /// dump: all of them, or none where a line is refused. Blocks the current
    /// thread.
    ///
    /// The records keep their versions, and the store's versions go on beyond
    /// the greatest of them.
    ///
    /// - Parameter read: returns the next bytes of the dump, none at its end.
    /// - Returns: how many records there are.
    /// - Throws: `invalid` where a line is refused, by its number;
    ///   `cannotCreate` where the store holds records.
    package func restore(
        _ read: @escaping (_ atMost: Int) throws(StoreError) -> [UInt8]
    ) throws(StoreError) -> Int {
        var count = 0
        let addition = StoreEngine.Addition(
            entries: ReportingCursor(DumpCursor(read), total: 0) { done, _ in count = done },
            number: 0)
        // Beside its place, where nothing is there yet: a dump that is refused
        // leaves nothing then.
        if try StoreDirectory.isEmptyOrMissing(path, environment) {
            try StagedStore.make(
                at: path, replacingEmpty: true, durability: options.durability, environment
            ) { addition }
        } else {
            guard let engine = try current(creating: true) else {
                preconditionFailure("a store that was made is there")
            }
            try engine.load(addition, until: options.lockTimeout.map(Deadline.init(after:)))
        }
        return count
    }
}
