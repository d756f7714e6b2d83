// SPDX-License-Identifier: Apache-2.0

/// What must be durable before an outcome may be told: the lines on which it
/// rests, the transaction's own among them.
struct Dependence {
    let generation: Generation
    /// Where those lines end.
    let end: Int
    /// The hash of the last of them.
    let hash: UInt64
    /// Whether the last of them is the transaction's own.
    let isOwnLine: Bool

    init(_ generation: Generation, isOwnLine: Bool) {
        self.generation = generation
        end = generation.end
        hash = generation.lastHash
        self.isOwnLine = isOwnLine
    }

    /// The lines that are in view and not known to be durable; nil where there
    /// are none, or where the store does not promise any to be.
    static func onUnflushed(_ generation: Generation) -> Dependence? {
        guard generation.header.durability == .full, generation.flushed < generation.end else {
            return nil
        }
        return Dependence(generation, isOwnLine: false)
    }
}

/// Group commit without a leader: the writers' lock is given up before the
/// flush, so that the flushes of several writers overlap.
///
/// A flush proves the bytes that were written since its description was
/// opened, on a file whose write-back never failed. What is older must be
/// vouched for by those who wrote it. Early lock release: Soisalon-Soininen
/// and Ylönen, "Partial Strictness in Two-Phase Locking", 1995.
extension StoreEngine {
    func dependenceOnCurrent() -> Dependence? {
        state.lock()
        defer { state.unlock() }
        return generation.flatMap(Dependence.onUnflushed)
    }

    /// Returns once everything that an outcome rests on is durable, and said
    /// to be. The caller holds no lock. Blocks the current thread.
    func secure(_ dependence: Dependence) throws(StoreError) {
        let isThere: Bool
        do throws(StoreError) {
            if try prove(dependence) {
                state.lock()
                defer { state.unlock() }
                try publish(dependence.generation, flushed: dependence.end)
                isThere = true
            } else {
                isThere = try carryOver(dependence)
            }
        } catch {
            throw dependence.isOwnLine ? .indeterminate(error) : error
        }
        if !isThere {
            throw StoreError(
                .inputOutput,
                "the disk under " + directory.path
                    + " lost a change before it was durable; nothing was changed")
        }
    }

    /// Flushes, and waits until the writers of older lines have vouched for
    /// them. Returns false where this file can prove nothing any more.
    private func prove(_ dependence: Dependence) throws(StoreError) -> Bool {
        let generation = dependence.generation
        do throws(SystemError) {
            try generation.flush()
        } catch {
            // An error told to one thread counts for all that share the
            // description: no later flush of it proves anything.
            state.lock()
            defer { state.unlock() }
            generation.isDoubtful = true
            return false
        }
        for _ in 0..<limits.vouchAttempts {
            switch try vouch(for: generation) {
            case .given: return true
            case .refused: return false
            case .pending: environment.pause()
            }
        }
        return false
    }

    private enum Vouch {
        case given, pending, refused
    }

    /// Whether everything older than this description is known to be durable.
    private func vouch(for generation: Generation) throws(StoreError) -> Vouch {
        state.lock()
        defer { state.unlock() }
        if generation.isDoubtful { return .refused }
        let floor = generation.vouchFloor ?? generation.end
        if floor <= generation.flushed { return .given }
        guard let hint = try hintFile.read(generation.header.salt) else { return .pending }
        if hint.speaks(of: generation.header) {
            generation.flushed = max(generation.flushed, hint.flushed)
            return floor <= generation.flushed ? .given : .pending
        }
        // A later generation has taken the lines over.
        return hint.generation > generation.header.generation ? .refused : .pending
    }

    /// Makes the lines durable by a new file, where they cannot be proven to
    /// be in the one they were written to. Returns whether they are still there.
    private func carryOver(_ dependence: Dependence) throws(StoreError) -> Bool {
        let entered = try enter(until: Deadline(after: .seconds(5)))
        defer {
            leave(entered)
            settleAftermath()
        }
        state.lock()
        defer { state.unlock() }
        // From what the file holds now, not from memory: a failed write-back
        // may have taken lines away.
        generation = nil
        guard let current = try opened(forWriting: true) else {
            throw StoreError(.moved, "the store " + directory.path + " is gone")
        }
        let stop = try current.catchUp()
        let old = dependence.generation
        if current.header == old.header {
            if case .damaged(let offset) = Recovery.verdict(try evidence(current, stop)) {
                throw damaged(current, promised: offset)
            }
            let isThere = current.tail.bytes.starts(with: old.tail.bytes[..<dependence.end])
            // Even where they are gone: others still have them in memory, and
            // must not go on in this file.
            try rotate(current)
            return isThere
        } else if current.header.generation == old.header.generation + 1 {
            // Whoever began it took over what the file then held: not our
            // lines where a failed write-back had taken them.
            guard let isThere = try old.leads(to: current.header, by: dependence.hash) else {
                throw wentOn
            }
            guard isThere else { return false }
            _ = try settle(entered)
        } else {
            throw wentOn
        }
        return true
    }

    private var wentOn: StoreError {
        StoreError(.indeterminate, "the store " + directory.path + " went on without this process")
    }

    // MARK: The hint

    /// Says how far the generation is durable and visible. Nothing is
    /// acknowledged before this. The caller holds `state`.
    func publish(_ generation: Generation, flushed: Int) throws(StoreError) {
        let isFull = generation.header.durability == .full
        // In a full store, what is not durable is not visible either.
        let hint = Hint(
            header: generation.header, flushed: flushed,
            visible: isFull ? flushed : generation.end, bootID: bootID)
        guard
            let flushed = try hintFile.write(hint, generation.header.salt, isShared: isFull)
        else { return }
        generation.flushed = max(generation.flushed, flushed)
        if !isFull { generation.settledEnd = generation.end }
    }
}
