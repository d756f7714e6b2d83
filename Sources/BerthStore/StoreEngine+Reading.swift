// SPDX-License-Identifier: Apache-2.0

/// Reading without a lock: what everybody was told, and nothing else.
extension StoreEngine {
    /// Everything acknowledged so far. Takes no lock of the store.
    func snapshot() throws(StoreError) -> Snapshot {
        try checkProcess()
        var attempts = 0
        while true {
            switch try committed() {
            case .snapshot(let snapshot, let dependence):
                if let dependence { try secure(dependence) }
                return snapshot
            case .movedOn: continue
            case .unpublished(let verified):
                // A writer died, or is at work, between a new generation and
                // its first hint. Nothing of it may be shown before a writer
                // has made it durable: become that writer.
                attempts += 1
                guard attempts <= 3 else {
                    throw StoreError(.busy, "the store changed under every look; try again")
                }
                do throws(StoreError) {
                    try settleAsWriter()
                } catch let error where error.code == .permission {
                    // A store that cannot be written does not change either.
                    return verified
                }
            }
        }
    }

    private enum Committed {
        /// A state, and what has to be durable before it is shown: this
        /// process may have read lines that their writers still flush.
        case snapshot(Snapshot, Dependence?)
        case movedOn
        case unpublished(Snapshot)
    }

    private func committed() throws(StoreError) -> Committed {
        state.lock()
        defer { state.unlock() }
        guard let generation = try opened(forWriting: false) else {
            do throws(StoreError) {
                try directory.checkNeverUsed()
                return .snapshot(.empty, nil)
            } catch let error where error.code == .moved {
                return .movedOn
            }
        }
        guard generation.header.bootID == bootID else {
            return try committedBeforeReboot(generation)
        }
        // Before the lines are read: they then reach at least as far as it says.
        guard let hint = try hint(of: generation) else {
            guard try isNamed(generation) else {
                moveOn(from: generation)
                return .movedOn
            }
            _ = try generation.catchUp()
            return .unpublished(generation.snapshot)
        }
        let isProcess = generation.header.durability == .process
        _ = try generation.catchUp(limit: isProcess ? .max : hint.flushed)
        let promised = isProcess && hint.bootID == bootID ? hint.visible : hint.flushed
        try check(generation, reaches: promised)
        generation.flushed = max(generation.flushed, hint.flushed)
        return .snapshot(generation.snapshot, Dependence.onUnflushed(generation))
    }

    /// The machine was started again since the last write: what is valid is
    /// on the disk, and what it must at least be follows from what lines and
    /// hint say was flushed.
    private func committedBeforeReboot(
        _ generation: Generation
    ) throws(StoreError) -> Committed {
        let hint = try hint(of: generation)
        _ = try generation.catchUp()
        guard try isNamed(generation) else {
            self.generation = nil
            return .movedOn
        }
        try check(generation, reaches: max(hint?.flushed ?? 0, try generation.flushedWitness()))
        return .snapshot(generation.snapshot, nil)
    }

    private func check(_ generation: Generation, reaches promised: Int) throws(StoreError) {
        if generation.end < promised {
            self.generation = nil
            throw damaged(generation, promised: promised)
        }
    }

    func damaged(_ generation: Generation, promised: Int) -> StoreError {
        .damaged(
            directory.path, StoreDirectory.journalName, at: generation.end,
            "what follows was durable up to byte " + String(promised))
    }

    private func settleAsWriter() throws(StoreError) {
        let write = Write(
            operation: "", deadline: Deadline(after: .seconds(5)), cancellation: nil,
            isEssential: true)
        do {
            try self.write(write) { _ in }
        } catch let error as StoreError {
            throw error
        } catch {
            preconditionFailure("an empty body threw")
        }
    }

    /// Whether the path still leads to this directory.
    var isStillNamed: Bool {
        (try? storage.status(ofPath: directory.path))?.identity == directory.identity
    }
}
