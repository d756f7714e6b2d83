// SPDX-License-Identifier: Apache-2.0

/// A store's current generation as it is seen without a lock and without the
/// engine, which refuses what is damaged. Nothing is changed.
struct StoreInspection {
    let directory: StoreDirectory
    /// Without its runs. Read to its end.
    let generation: Generation
    /// Whether something other than filling follows the lines.
    let stop: Generation.Stop
    /// Where the hint speaks of the generation.
    let hint: Hint?
    /// Up to where lines were once durable, as far as is known.
    let promised: Int
    /// The size of the journal's file.
    let journalSize: Int

    /// Looks at the store; nil where there is none.
    ///
    /// - Throws: `damaged` where the journal is missing or has no valid header.
    static func of(
        _ directory: StoreDirectory, _ environment: StoreEnvironment
    ) throws(StoreError) -> StoreInspection? {
        // The hint first: the journal then has at least what the hint says.
        let hintBytes = try directory.withFile(StoreDirectory.hintName) {
            file throws(StoreError) in
            try directory.read(
                file.descriptor, StoreDirectory.hintName, at: 0, count: Hint.size)
        }
        guard let file = try directory.open(StoreDirectory.journalName, .reading) else {
            try directory.checkNeverUsed()
            return nil
        }
        let generation = try opened(file, directory)
        let hint = hintBytes?.withUnsafeBytes { Hint($0, generation.header.salt) }
        let stated = hint.flatMap { $0.speaks(of: generation.header) ? $0 : nil }
        let bootID = try environment.currentBootID()
        var end: Int
        var stop: Generation.Stop
        var promised: Int
        repeat {
            stop = try generation.catchUp()
            end = generation.end
            promised = try generation.flushedWitness()
            // A line that was being written while it was read is whole by the
            // time a later line is seen: look again.
        } while try generation.catchUp() != stop || generation.end != end
        if let stated {
            promised = max(promised, stated.flushed)
            if stated.bootID == bootID { promised = max(promised, stated.visible) }
        }
        return StoreInspection(
            directory: directory, generation: generation, stop: stop, hint: stated,
            promised: promised, journalSize: file.status.size)
    }

    private static func opened(
        _ file: OpenFile, _ directory: StoreDirectory
    ) throws(StoreError) -> Generation {
        do throws(StoreError) {
            let (header, line) = try Generation.readHeader(directory, file)
            return line.withUnsafeBytes {
                Generation(
                    directory, file, isWritable: false, header, [], headerLine: $0)
            }
        } catch {
            directory.storage.close(file.descriptor)
            throw error
        }
    }

    var header: GenerationHeader { generation.header }

    /// Whether the name `journal` still stands for what was looked at.
    func isCurrent() throws(StoreError) -> Bool {
        try directory.identity(ofName: StoreDirectory.journalName) == generation.identity
    }

    /// The files that are there without being part of the store: what a crash
    /// has left, or a rotation that is under way.
    func leftovers() throws(StoreError) -> [String] {
        var merges: [MergeFiles] = []
        _ = try directory.livingMerges(header) { merges.append($0) }
        return try directory.entries().filter { name in
            if name == StoreDirectory.newJournalName { return true }
            if name.hasPrefix(StoreDirectory.runPrefix) {
                return !header.runs.contains { $0.name == name }
            }
            return merges.contains { $0.outputName == name || $0.manifestName == name }
        }.sorted()
    }
}

extension StoreEnvironment {
    func currentBootID() throws(StoreError) -> String {
        do throws(SystemError) {
            return try bootID()
        } catch {
            throw .system("cannot tell this run of the machine from the last", error)
        }
    }
}
