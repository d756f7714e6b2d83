// SPDX-License-Identifier: Apache-2.0

extension StoreEngine {
    /// Begins the next generation where the disk has room for it. Returns
    /// whether it did: a store without room goes on in the old one.
    func rotateIfPossible(_ generation: Generation) throws(StoreError) -> Bool {
        do throws(StoreError) {
            try rotate(generation)
            return true
        } catch let error where error.code == .noRoom && !generation.isSealed {
            return false
        }
    }

    /// Begins the next generation: the lines become part of the runs, and a
    /// new file takes the journal's place. The caller holds the writers' lock
    /// and `state`; the generation is the current one and was read to its end.
    ///
    /// The order of the steps, and what a crash after each of them leaves:
    /// 1. the new run and `journal.new` are written and flushed: two files
    ///    that no header names, swept by the next rotation;
    /// 2. finished merges get the names of runs, which no header names yet
    ///    either: their inputs are still there; the directory is flushed, so
    ///    that the new header can never be found without its runs;
    /// 3. the old generation is sealed: the next writer rotates again;
    /// 4. `journal.new` is renamed: the new generation, not yet published;
    ///    the next writer begins another before anything is acknowledged;
    /// 5. the directory is flushed and the hint published: done.
    ///
    /// `count` is how many of the newest runs are taken into the new one, where
    /// that is not left to the policy; `addition` is what a store receives from
    /// elsewhere, newer than all it has.
    func rotate(
        _ generation: Generation, merging count: Int? = nil, adding addition: Addition? = nil
    ) throws(StoreError) {
        let header = try writeNext(generation, merging: count, adding: addition)
        // A torn end is no place for a seal; whoever has that file open
        // notices by its hint that another generation is there.
        if !generation.isSealed, generation.isClean { try generation.seal() }
        try install(header, after: generation)
        aftermath.ended.append(generation)
        sweep(header)
        keepBallast()
    }

    /// Makes the first generation of a new store.
    func create() throws(StoreError) {
        try directory.checkNeverUsed()
        var header = GenerationHeader(
            generation: 1, number: 0, previous: 0,
            storeID: UInt128(environment.random()) << 64 | UInt128(environment.random()),
            salt: SipHash(k0: environment.random(), k1: environment.random()),
            bootID: bootID, durability: newDurability, time: environment.now(), runs: [],
            nextRun: 1)
        try writeJournal(&header)
        // Whoever made the directory may have died before its name was durable.
        try directory.flushName()
        try install(header)
        keepBallast()
    }

    // MARK: Writing the next generation

    /// Entries from elsewhere, and the number of the last transaction that
    /// they reflect.
    struct Addition {
        let entries: any EntryCursor
        let number: UInt64
    }

    private func writeNext(
        _ old: Generation, merging count: Int?, adding addition: Addition?
    ) throws(StoreError) -> GenerationHeader {
        var header = old.header
        header.generation += 1
        header.number = old.lastNumber
        header.previous = old.lastHash
        if old.header.durability == .process, old.header.bootID != bootID {
            // Transactions may have been acknowledged and lost with the
            // machine: none of their numbers is given again.
            header.number += Generation.maximumTransactions
        }
        header.bootID = bootID
        header.time = environment.now()
        var runs = old.runs
        let merges = count == nil ? takeFinishedMerges(into: &header, &runs) : Merges()
        var written: RunReference?
        if old.tail.count > 0 || count != nil {
            let count =
                count
                ?? MergePolicy.newestToFold(
                    MergePolicy.candidates(header.runs, sparing: merges.underWay).reversed(),
                    incoming: old.end, limits)
            let number = header.nextRun
            let newest: UInt64
            (written, newest) = try writeRun(
                old, runs, merging: count, adding: addition, number: number)
            header.runs.removeLast(count)
            if let written { header.runs.append(written) }
            header.nextRun += 1
            // No later transaction may have the number of a version that came along.
            header.number = max(header.number, newest, addition?.number ?? 0)
            // What came from elsewhere is in no line: nobody may take this
            // generation for one that follows the lines alone.
            if addition != nil, header.number == old.lastNumber { header.number += 1 }
        }
        do throws(StoreError) {
            try writeJournal(&header, naming: merges.finished)
        } catch {
            // On a full disk, what it takes up is missing to others.
            if let written { try? storage.unlink(written.name, in: directory.descriptor) }
            throw error
        }
        return header
    }

    /// Writes the tail, and the newest runs with it, as one new run. Returns
    /// how a header names it, nil where it has no record, and the greatest
    /// version in it.
    private func writeRun(
        _ old: Generation, _ runs: [Run], merging count: Int, adding addition: Addition?,
        number: UInt64
    ) throws(StoreError) -> (run: RunReference?, newest: UInt64) {
        var sources: [any EntryCursor] = addition.map { [$0.entries] } ?? []
        sources.append(TableCursor(old.tail.table))
        for run in runs.suffix(count).reversed() { sources.append(RunCursor(run, at: 0)) }
        let name = RunReference.name(number)
        let storage = directory.storage
        let file = try newFile(name)
        defer { storage.close(file) }
        do throws(StoreError) {
            var writer = RunWriter(
                number: number, key: old.header.salt, fenceBytes: limits.fenceBytes
            ) { bytes, offset throws(StoreError) in
                try self.step { () throws(SystemError) in
                    try storage.writeAll(file, bytes, at: offset)
                }
            }
            // A tombstone hides what older runs hold; below the oldest there is nothing.
            let result = try writer.write(
                try MergedCursor(sources), keepsTombstones: count < runs.count)
            try step { () throws(SystemError) in try storage.flush(file) }
            return result
        } catch {
            try? storage.unlink(name, in: directory.descriptor)
            throw error
        }
    }

    // MARK: Finished merges

    private struct Merges {
        /// The files of those that a header may name, and the names they get.
        var finished: [(files: MergeFiles, name: String)] = []
        /// Those that are not finished.
        var underWay: [MergeFiles] = []
    }

    /// Puts what finished merges have made in the place of their inputs. What
    /// is not what its line says is removed; what cannot be looked at now
    /// waits for the next rotation.
    private func takeFinishedMerges(
        into header: inout GenerationHeader, _ runs: inout [Run]
    ) -> Merges {
        var merges = Merges()
        for (files, isFinished) in (try? directory.livingMerges(header)) ?? [] {
            guard isFinished else {
                merges.underWay.append(files)
                continue
            }
            do throws(StoreError) {
                guard let manifest = try directory.manifest(of: files, header.salt),
                    let place = manifest.place(in: header.runs)
                else { continue }
                var output: [Run] = []
                if var reference = manifest.output {
                    reference.number = header.nextRun
                    output = [try verifiedRun(reference, files, header.salt)]
                    merges.finished.append((files, reference.name))
                    header.nextRun += 1
                }
                header.runs.replaceSubrange(place, with: output.map(\.reference))
                runs.replaceSubrange(place, with: output)
            } catch let error where error.code == .damaged {
                files.remove(from: directory)
            } catch {
                merges.underWay.append(files)
            }
        }
        return merges
    }

    private func verifiedRun(
        _ reference: RunReference, _ files: MergeFiles, _ key: SipHash
    ) throws(StoreError) -> Run {
        guard let file = try directory.open(files.outputName, .reading) else {
            throw .damaged(directory.path, files.outputName, "it is missing")
        }
        let run = Run(
            reference, file: file.descriptor, storage: storage, key: key,
            storePath: directory.path)
        try run.checkOutline(size: file.status.size)
        return run
    }

    // MARK: Files

    /// Writes a journal that holds a header and room for lines, under its
    /// temporary name, gives finished merges their names, and makes it and all
    /// names durable.
    private func writeJournal(
        _ header: inout GenerationHeader, naming merges: [(files: MergeFiles, name: String)] = []
    ) throws(StoreError) {
        let line = header.encode()
        let storage = directory.storage
        let file = try newFile(StoreDirectory.newJournalName)
        defer { storage.close(file) }
        do throws(StoreError) {
            try step { () throws(SystemError) in
                let filling = [UInt8](repeating: Frame.fill, count: limits.extensionBytes)
                try storage.writeAll(file, line + filling, at: 0)
                try storage.flush(file)
                for (files, name) in merges {
                    try storage.rename(files.outputName, to: name, in: directory.descriptor)
                }
                try storage.flushDirectory(directory.descriptor)
            }
        } catch {
            try? storage.unlink(StoreDirectory.newJournalName, in: directory.descriptor)
            throw error
        }
    }

    /// Makes a file that no header names, in the place of one that a crash left.
    private func newFile(_ name: String) throws(StoreError) -> FileDescriptor {
        try step { () throws(SystemError) in
            do throws(SystemError) {
                return try directory.storage.open(name, in: directory.descriptor, .creatingNew)
            } catch let error where error.errno == .exists {
                try directory.storage.unlink(name, in: directory.descriptor)
                return try directory.storage.open(name, in: directory.descriptor, .creatingNew)
            }
        }
    }

    /// Runs a part of a rotation, and says which store it was where it fails.
    private func step<Result>(
        _ body: () throws(SystemError) -> Result
    ) throws(StoreError) -> Result {
        do throws(SystemError) {
            return try body()
        } catch {
            throw .system("cannot begin a new journal in " + directory.path, error)
        }
    }

    /// Gives the new journal its name, and says that it is durable.
    private func install(
        _ header: GenerationHeader, after old: Generation? = nil
    ) throws(StoreError) {
        generation = nil
        try step { () throws(SystemError) in
            try directory.storage.rename(
                StoreDirectory.newJournalName, to: StoreDirectory.journalName,
                in: directory.descriptor)
            try directory.storage.flushDirectory(directory.descriptor)
        }
        let opened = try Generation.open(directory, forWriting: true, old?.heritage)
        guard let opened, opened.header == header else {
            throw StoreError(
                .moved, "the journal of " + directory.path + " was replaced; try again")
        }
        _ = try opened.catchUp()
        generation = opened
        try publish(opened, flushed: opened.end)
    }

    // MARK: What is left of the past

    /// What nobody has to wait for, a writer of the store least of all.
    struct Aftermath {
        /// Generations to be kept for people to read.
        var ended: [Generation] = []
        /// Where there are runs to merge.
        var merger: RunMerger?
    }

    /// Does what rotations have left to do. The caller holds no lock.
    func settleAftermath() {
        state.lock()
        let due = aftermath
        aftermath = Aftermath()
        state.unlock()
        for generation in due.ended { archive(generation) }
        if let merger = due.merger { environment.startMerging(merger) }
    }

    /// Keeps the old generation for people to read. Best effort: nothing
    /// depends on it.
    private func archive(_ old: Generation) {
        let storage = directory.storage
        let name = StoreDirectory.historyName
        try? storage.makeDirectory(name, in: directory.descriptor)
        guard let folder = try? storage.openDirectory(name, in: directory.descriptor) else {
            return
        }
        defer { storage.close(folder) }
        let number = old.header.generation
        if number > limits.historyGenerations {
            try? storage.unlink(
                Self.archiveName(number - limits.historyGenerations), in: folder)
        }
        guard limits.historyGenerations > 0, let bytes = try? old.whatIsWritten(),
            let file = try? storage.open(Self.archiveName(number), in: folder, .creatingNew)
        else { return }
        defer { storage.close(file) }
        try? storage.writeAll(file, bytes, at: 0)
    }

    private static func archiveName(_ generation: UInt64) -> String {
        String(generation) + ".jsonl"
    }

    /// Removes the files that the header does not name. It is durable, so
    /// nobody will ever look for them again; who still reads them has them
    /// open. Notices whether runs are to be merged.
    private func sweep(_ header: GenerationHeader) {
        guard let names = try? directory.entries() else { return }
        for name in names where name.hasPrefix(StoreDirectory.runPrefix) {
            if header.runs.contains(where: { $0.name == name }) { continue }
            try? directory.storage.unlink(name, in: directory.descriptor)
        }
        guard
            let living = try? directory.livingMerges(header, { $0.remove(from: directory) })
        else { return }
        let candidates = MergePolicy.candidates(header.runs, sparing: living.map(\.files))
        if !MergePolicy.groupsToMerge(candidates.reversed(), limits).isEmpty {
            aftermath.merger = RunMerger(directory: directory, limits: limits)
        }
    }
}
