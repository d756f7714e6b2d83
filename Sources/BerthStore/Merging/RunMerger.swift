// SPDX-License-Identifier: Apache-2.0

/// Merges runs of a store beside everything else that happens to it: it takes
/// neither the writers' lock nor the memory of an engine, and reads and writes
/// a part at a time.
///
/// What it makes takes the place of its inputs at the next rotation. A crash
/// at any moment leaves files that no header names: see ``MergeFiles``.
package struct RunMerger: Sendable {
    let directory: StoreDirectory
    let limits: StoreLimits

    private var storage: any StorageBackend { directory.storage }

    /// The store's path, for another process that is to do it.
    package var path: String { directory.path }

    /// Merges what is due of a kind, unless somebody is at it. Blocks the
    /// current thread.
    ///
    /// - Returns: How many merges were finished.
    /// - Throws: `StoreError`; what was under way is removed, and nothing has changed.
    @discardableResult
    package func mergeWhatIsDue(_ kind: MergeKind) throws(StoreError) -> Int {
        guard let lock = try directory.lock(kind, waiting: false) else { return 0 }
        defer { storage.close(lock) }
        var count = 0
        while let task = try nextTask(kind) {
            try finish(task)
            count += 1
        }
        return count
    }

    /// Whether merges of a kind are due that nobody has begun. Best effort.
    package func isDue(_ kind: MergeKind) -> Bool {
        guard let generation = try? Generation.open(directory, forWriting: false),
            let living = try? directory.livingMerges(generation.header)
        else { return false }
        return group(kind, generation.header.runs, sparing: living.map(\.files)) != nil
    }

    // MARK: Beginning

    /// A merge whose output has its name, so that others leave its inputs alone.
    struct Task {
        let files: MergeFiles
        /// From the oldest to the newest.
        let inputs: [Run]
        /// Whether nothing is older.
        let isOldest: Bool
        let salt: SipHash
        let output: FileDescriptor
    }

    /// Large merges choose their inputs while no small one does: the two never
    /// have a run in common.
    func nextTask(_ kind: MergeKind) throws(StoreError) -> Task? {
        let gate = kind == .large ? try directory.lock(.small, waiting: true) : nil
        defer { if let gate { storage.close(gate) } }
        guard let generation = try published() else { return nil }
        // Of the kinds that are locked here, what is not finished was left by
        // somebody dead.
        let living = try directory.livingMerges(generation.header).filter {
            $0.isFinished || $0.files.kind == .large && kind == .small
        }
        guard
            let group = group(kind, generation.header.runs, sparing: living.map(\.files))
        else { return nil }
        return try begin(
            kind, Array(generation.runs[group]), isOldest: group.lowerBound == 0,
            generation.header.salt)
    }

    /// The current generation, if its header is durable: a power cut could
    /// take back one that is not, and its runs' numbers would be given again.
    func published() throws(StoreError) -> Generation? {
        guard let generation = try Generation.open(directory, forWriting: false) else {
            return nil
        }
        let hint = try directory.withFile(StoreDirectory.hintName) { file throws(StoreError) in
            try directory.read(
                file.descriptor, StoreDirectory.hintName, at: 0, count: Hint.size)
        }
        let isPublished = hint.flatMap { bytes in
            bytes.withUnsafeBytes { Hint($0, generation.header.salt) }
        }?.speaks(of: generation.header)
        return isPublished == true ? generation : nil
    }

    /// The neighbours, from the oldest to the newest, that are to be merged next.
    private func group(
        _ kind: MergeKind, _ runs: [RunReference], sparing living: [MergeFiles]
    ) -> Range<Int>? {
        let candidates = MergePolicy.candidates(runs, sparing: living)
        let groups = MergePolicy.groupsToMerge(candidates.reversed(), limits).map { group in
            runs.count - group.upperBound..<runs.count - group.lowerBound
        }
        return groups.first { group in
            let bytes = runs[group].reduce(0) { $0 + $1.bytes }
            return (bytes > limits.smallMergeBytes) == (kind == .large)
        }
    }

    /// The inputs are neighbours, from the oldest to the newest.
    func begin(
        _ kind: MergeKind, _ inputs: [Run], isOldest: Bool, _ salt: SipHash
    ) throws(StoreError) -> Task {
        let files = MergeFiles(
            kind, oldest: inputs[0].reference.number,
            newest: inputs[inputs.count - 1].reference.number)
        // What a killed merger of the same runs has left.
        files.remove(from: directory)
        let output = try step { () throws(SystemError) in
            try storage.open(files.outputName, in: directory.descriptor, .creatingNew)
        }
        return Task(
            files: files, inputs: inputs, isOldest: isOldest, salt: salt, output: output)
    }

    // MARK: Merging

    /// Writes the output, makes it durable, and then says what it is.
    func finish(
        _ task: Task, _ progress: @escaping ProgressReport = { _, _ in }
    ) throws(StoreError) {
        defer { storage.close(task.output) }
        do throws(StoreError) {
            var writer = RunWriter(number: 0, key: task.salt, fenceBytes: limits.fenceBytes) {
                bytes, offset throws(StoreError) in
                try step { () throws(SystemError) in
                    try storage.writeAll(task.output, bytes, at: offset)
                }
            }
            // A tombstone hides what older runs hold; below the oldest there is nothing.
            let output = try writer.write(
                ReportingCursor(
                    try MergedCursor(task.inputs.reversed().map { RunCursor($0, at: 0) }),
                    total: task.inputs.reduce(0) { $0 + $1.reference.records }, progress),
                keepsTombstones: !task.isOldest
            ).run
            try step { () throws(SystemError) in try storage.flush(task.output) }
            let manifest = MergeManifest(
                inputs: task.inputs.map(\.reference), output: output,
                keepsTombstones: !task.isOldest)
            try write(manifest, task)
        } catch {
            task.files.remove(from: directory)
            throw error
        }
    }

    /// A crash in the middle of it leaves a line that is not valid.
    private func write(_ manifest: MergeManifest, _ task: Task) throws(StoreError) {
        try step { () throws(SystemError) in
            let file = try storage.open(
                task.files.manifestName, in: directory.descriptor, .creatingNew)
            defer { storage.close(file) }
            try storage.writeAll(file, manifest.encode(task.salt), at: 0)
        }
    }

    private func step<Result>(
        _ body: () throws(SystemError) -> Result
    ) throws(StoreError) -> Result {
        do throws(SystemError) {
            return try body()
        } catch {
            throw .system("cannot merge runs of " + directory.path, error)
        }
    }

    // MARK: All of it

    /// Merges all runs into one, after every merge that is under way. Blocks
    /// the current thread.
    ///
    /// `settle` begins a new generation, in which no finished merge waits for
    /// its name any more. It is called with the mergers' locks held.
    ///
    /// - Returns: Whether there were runs.
    func mergeAll(
        _ progress: @escaping ProgressReport, settle: () throws(StoreError) -> Void
    ) throws(StoreError) -> Bool {
        let lock = try directory.lock(.large, waiting: true)
        defer { if let lock { storage.close(lock) } }
        guard let task = try taskOfAll(settle) else { return false }
        try finish(task, progress)
        return true
    }

    private func taskOfAll(_ settle: () throws(StoreError) -> Void) throws(StoreError) -> Task? {
        let gate = try directory.lock(.small, waiting: true)
        defer { if let gate { storage.close(gate) } }
        try settle()
        guard let generation = try published(), !generation.runs.isEmpty else { return nil }
        return try begin(.large, generation.runs, isOldest: true, generation.header.salt)
    }
}

extension RunMerger {
    /// Merges small runs at once, and then, after everybody else, large ones
    /// where nobody is at it. Blocks the current thread, which is to do nothing
    /// else after that. The end of the process may end it at any moment.
    package func run() {
        _ = try? mergeWhatIsDue(.small)
        guard isDue(.large) else { return }
        Thread.stepBack()
        _ = try? mergeWhatIsDue(.large)
    }

    /// The same, on a thread of its own.
    package func startThread() {
        // Without a thread, whoever rotates next begins it.
        try? Thread.start { run() }
    }
}

extension MergePolicy {
    /// Runs as the policy sees them, those of merges that are under way among
    /// them. In the order of the runs.
    static func candidates(
        _ runs: [RunReference], sparing living: [MergeFiles]
    ) -> [Candidate] {
        var candidates = runs.map { Candidate(size: $0.bytes) }
        for files in living {
            guard let place = files.place(in: runs) else { continue }
            for index in place { candidates[index].isFree = false }
        }
        return candidates
    }
}
