// SPDX-License-Identifier: Apache-2.0

/// The critical section of one store, shared by all handles of this process.
///
/// Three locks, taken in this order: `writers` lets one thread of the process
/// write at a time, the file's `flock` one process of the machine, and `state`
/// guards what this process has in memory, for moments only.
///
/// `@unchecked Sendable` because everything that varies is only touched under
/// `state`, or is set once before the engine is shared.
final class StoreEngine: @unchecked Sendable {
    let directory: StoreDirectory
    let environment: StoreEnvironment
    let bootID: String
    /// For a store that is made.
    let newDurability: Durability
    private let process: Int32

    let writers = ThreadLock()
    let state = Monitor()
    /// Opened by the first write: reading takes no lock, and works where the
    /// file cannot be opened for writing. Guarded by `writers`.
    private var fileLock: FileLock?
    /// Guarded by `state`, as is all below.
    var generation: Generation?
    /// What is known of the generation before, while the next is not open yet.
    private var heritage: Heritage?
    let hintFile: HintFile
    /// Set by a rotation that has left runs to merge.
    var dueMerger: RunMerger?

    private init(
        _ directory: StoreDirectory, _ durability: Durability, _ environment: StoreEnvironment
    ) throws(StoreError) {
        self.directory = directory
        self.environment = environment
        newDurability = durability
        hintFile = HintFile(directory, timeout: environment.limits.hintTimeout)
        process = environment.process()
        do throws(SystemError) {
            bootID = try environment.bootID()
        } catch {
            throw .system("cannot tell this run of the machine from the last", error)
        }
    }

    /// The engine of a directory: one for each in a process, however often
    /// and under whatever path it is opened. `flock` would take two for
    /// strangers, and each would wait for the other.
    static func shared(
        _ directory: StoreDirectory, _ durability: Durability, _ environment: StoreEnvironment
    ) throws(StoreError) -> StoreEngine {
        let engines = environment.engines ?? .ofThisProcess
        return try engines.engine(directory.identity) { () throws(StoreError) in
            try StoreEngine(directory, durability, environment)
        }
    }

    var durability: Durability? {
        state.lock()
        defer { state.unlock() }
        return generation?.header.durability
    }

    var limits: StoreLimits { environment.limits }
    var storage: any StorageBackend { directory.storage }

    /// A child of `fork` shares the parent's descriptions: its unlock would
    /// be the parent's.
    func checkProcess() throws(StoreError) {
        if environment.process() != process {
            throw StoreError(
                .invalid, "a store does not survive fork; open it again in the new process")
        }
    }

    // MARK: Writing

    /// How a body is to be run.
    struct Write {
        let operation: String
        let deadline: Deadline?
        let cancellation: Cancellation?
        let isEssential: Bool
        var isRetry = false
    }

    func write<Result>(
        _ write: Write, _ body: (inout Transaction) throws -> Result
    ) throws -> Result {
        var result: Result?
        var failure: (any Error)?
        // What follows knows no type of a result: looking one up at run time
        // would cost each transaction more than its own bookkeeping.
        let dependence = try underLock(write) { transaction in
            do {
                result = try body(&transaction)
                return true
            } catch {
                failure = error
                return false
            }
        }
        // Whatever the outcome, it rests on lines that others may not have
        // made durable yet: it is told to nobody before they are.
        if let dependence { try secure(dependence) }
        if let merger = takeDueMerger() { environment.startMerging(merger) }
        if let failure { throw failure }
        guard let result else { preconditionFailure("a body that neither returned nor threw") }
        return result
    }

    private func takeDueMerger() -> RunMerger? {
        state.lock()
        defer { state.unlock() }
        defer { dueMerger = nil }
        return dueMerger
    }

    /// Runs a body and writes what it changed, under the writers' lock.
    /// Returns up to where the journal must be durable before the outcome is
    /// told.
    private func underLock(
        _ write: Write, _ body: (inout Transaction) -> Bool
    ) throws(StoreError) -> Dependence? {
        let entered = try acquire(until: write.deadline, write.cancellation)
        defer { leave(entered) }
        let changes = try run(entered, body)
        // So far nothing was written. Of what the body saw nothing is told
        // either, unless no other writer can have been in.
        try confirm(entered)
        if changes.isEmpty { return dependenceOnCurrent() }
        return try commit(changes, write)
    }

    /// Runs a body on the state as it is under the writers' lock; returns its
    /// changes, none where it failed. The snapshot is gone when this returns,
    /// so that the tail need not be copied to grow.
    private func run(
        _ entered: Entered, _ body: (inout Transaction) -> Bool
    ) throws(StoreError) -> [Change] {
        var transaction = Transaction(try settledSnapshot(entered))
        return body(&transaction) ? transaction.changes : []
    }

    /// The writers' lock, held by this thread of this process.
    struct Entered {
        fileprivate let file: FileLock
        fileprivate let lock: FileLock.Held
    }

    /// Waits until this thread is the store's only writer.
    func enter(until deadline: Deadline?) throws(StoreError) -> Entered {
        let entered = try acquire(until: deadline)
        do throws(StoreError) {
            try confirm(entered)
            return entered
        } catch {
            leave(entered)
            throw error
        }
    }

    /// Makes sure that the lock that is held is the one everybody else asks
    /// for: that its file still has its name, and the store's path still leads
    /// to it. To be called before anything is written, or told.
    func confirm(_ entered: Entered) throws(StoreError) {
        do throws(StoreError) {
            try directory.checkStillNamed(lock: entered.lock.file.status.identity)
        } catch {
            // The next attempt opens what the name then stands for.
            fileLock = nil
            throw error
        }
    }

    /// Waits for the writers' lock. Whether it is still the store's is to be
    /// confirmed before anything is written.
    private func acquire(
        until deadline: Deadline?, _ cancellation: Cancellation? = nil
    ) throws(StoreError) -> Entered {
        try checkProcess()
        guard writers.lock(until: deadline) else {
            throw StoreError(
                .timedOut, "another thread has held the store's lock for too long; try again")
        }
        do throws(StoreError) {
            let file = try openedLock()
            return Entered(file: file, lock: try file.acquire(until: deadline, cancellation))
        } catch {
            writers.unlock()
            throw error
        }
    }

    func leave(_ entered: Entered) {
        entered.file.release(entered.lock)
        writers.unlock()
    }

    private func openedLock() throws(StoreError) -> FileLock {
        if let fileLock { return fileLock }
        let directory = directory
        let lock = try FileLock(storage: storage) { () throws(StoreError) in
            if let file = try directory.open(StoreDirectory.lockName, .readingAndWriting) {
                return file
            }
            // Its name can come back only with a new store: a second file of
            // that name beside a journal would let two writers in.
            if try directory.identity(ofName: StoreDirectory.journalName) != nil {
                // Whoever makes a store makes the lock first.
                if let file = try directory.open(StoreDirectory.lockName, .readingAndWriting) {
                    return file
                }
                throw .damaged(directory.path, StoreDirectory.lockName, "it is missing")
            }
            try directory.checkNeverUsed()
            guard let file = try directory.open(StoreDirectory.lockName, .creating) else {
                throw StoreError(.moved, "the store " + directory.path + " vanished; try again")
            }
            return file
        }
        fileLock = lock
        return lock
    }

    /// Writes a transaction. Returns what has to be durable before it is
    /// acknowledged; nil where it is acknowledged as it is.
    private func commit(_ changes: [Change], _ write: Write) throws(StoreError) -> Dependence? {
        state.lock()
        defer { state.unlock() }
        guard let generation else { preconditionFailure("a settled store has a generation") }
        let origin = TransactionLine.Origin(
            time: environment.now(), process: process, user: directory.user,
            operation: write.operation)
        do throws(StoreError) {
            try generation.append(changes, origin, isEssential: write.isEssential, limits)
        } catch {
            guard error.code == .noRoom, write.isEssential, dropBallast() else { throw error }
            try generation.append(changes, origin, isEssential: true, limits)
        }
        // From here on the line is in the file: what fails now is not undone.
        do throws(StoreError) {
            switch generation.header.durability {
            case .full:
                generation.settledEnd = generation.end
                return Dependence(generation, isOwnLine: true)
            case .strict:
                try flush(generation)
            case .process:
                try publish(generation, flushed: generation.flushed)
            }
            return nil
        } catch {
            self.generation = nil
            throw .indeterminate(error)
        }
    }

    /// Makes the lines durable, and says so. A file whose flush failed is
    /// never trusted again: the lines go on in a new one.
    private func flush(_ generation: Generation) throws(StoreError) {
        do throws(SystemError) {
            try generation.flush()
        } catch {
            return try rotate(generation)
        }
        try publish(generation, flushed: generation.end)
    }

    // MARK: The state under the writers' lock

    private func settledSnapshot(_ entered: Entered) throws(StoreError) -> Snapshot {
        state.lock()
        defer { state.unlock() }
        do throws(StoreError) {
            return try settle(entered).snapshot
        } catch {
            // Whatever was seen is looked at afresh the next time.
            generation = nil
            throw error
        }
    }

    /// The current generation, caught up and in order. The caller holds the
    /// writers' lock and `state`.
    func settle(_ entered: Entered) throws(StoreError) -> Generation {
        var isFresh = generation == nil
        while true {
            guard let generation = try opened(forWriting: true) else {
                try confirm(entered)
                try create()
                continue
            }
            // The seal alone would not tell: a failed write-back may have taken
            // it, or a line before it.
            if try generation.isReplaced() {
                moveOn(from: generation)
                continue
            }
            let stop = try generation.catchUp()
            if stop == .end, generation.settledEnd == generation.end {
                if !isRotationDue(generation) { return generation }
                try confirm(entered)
                if try rotateIfPossible(generation) { continue }
                return generation
            }
            if stop == .invalid, !isFresh {
                // What is in memory may be what a failed write-back took from
                // the file: only what the file holds decides what is cut.
                self.generation = nil
                isFresh = true
                continue
            }
            let verdict = Recovery.verdict(try evidence(generation, stop))
            if verdict != .settled { try confirm(entered) }
            switch verdict {
            case .settled:
                break
            case .cut:
                try generation.cutTorn()
            case .flush:
                try flush(generation)
            case .rotate, .damaged:
                // Only of the generation that is current: another process may
                // have begun the next one.
                guard try isNamed(generation) else {
                    self.generation = nil
                    continue
                }
                if case .damaged(let offset) = verdict {
                    throw damaged(generation, promised: offset)
                }
                try rotate(generation)
            }
            self.generation?.settledEnd = self.generation?.end
        }
    }

    /// Whether the lines have grown long. The header does not count: a new
    /// generation would have it too.
    private func isRotationDue(_ generation: Generation) -> Bool {
        generation.end - generation.header.length >= limits.rotationBytes
    }

    func evidence(
        _ generation: Generation, _ stop: Generation.Stop
    ) throws(StoreError) -> Recovery.Evidence {
        let hint = try hint(of: generation)
        if let hint { generation.flushed = max(generation.flushed, hint.flushed) }
        let isThisBoot = generation.header.bootID == bootID
        let isWitnessNeeded = hint == nil || !isThisBoot
        return Recovery.Evidence(
            stop: stop, end: generation.end, hint: hint, isThisBoot: isThisBoot,
            isHintOfThisBoot: hint?.bootID == bootID,
            witness: isWitnessNeeded ? try generation.flushedWitness() : 0,
            vouchFloor: generation.vouchFloor ?? generation.end,
            durability: generation.header.durability)
    }

    func isNamed(_ generation: Generation) throws(StoreError) -> Bool {
        try directory.identity(ofName: StoreDirectory.journalName) == generation.identity
    }

    func opened(forWriting: Bool) throws(StoreError) -> Generation? {
        if let generation, generation.isWritable || !forWriting { return generation }
        let heritage = heritage
        self.heritage = nil
        generation = try Generation.open(directory, forWriting: forWriting, heritage)
        return generation
    }

    /// Lets go of a generation that another one has replaced.
    func moveOn(from generation: Generation) {
        // Who has read it to its end knows what the next one begins with.
        _ = try? generation.catchUp()
        heritage = generation.heritage
        self.generation = nil
    }

    /// The hint, where it speaks of a generation.
    func hint(of generation: Generation) throws(StoreError) -> Hint? {
        let hint = try hintFile.read(generation.header.salt)
        return hint?.speaks(of: generation.header) == true ? hint : nil
    }
}
