// SPDX-License-Identifier: Apache-2.0

/// A directory of plain files that holds the state of one coordination domain.
///
/// A store that does not exist yet reads as empty and is made by the first
/// write. A handle whose store was moved or replaced opens what its path now
/// leads to, once for all its callers, and goes on.
///
/// `@unchecked Sendable` because `engine` is only touched under `monitor`.
package final class Store: @unchecked Sendable {
    package let path: String
    let options: StoreOptions
    let environment: StoreEnvironment
    private let monitor = Monitor()
    private var engine: StoreEngine?

    /// Names a store by an absolute path; nothing is opened before it is needed.
    package init(
        at path: String, options: StoreOptions = StoreOptions(),
        environment: StoreEnvironment = .live
    ) {
        self.path = path
        self.options = options
        self.environment = environment
    }

    /// Runs a body as the store's only writer, then makes what it changed
    /// durable as the store was made to. Blocks the current thread.
    ///
    /// A body that changes nothing writes nothing, and one that throws leaves
    /// no trace. After it returns, the change is in force for every other
    /// process, and survives what the store's durability promises. The body
    /// must not begin another transaction: that is a bug, and traps.
    ///
    /// - Parameters:
    ///   - operation: says in the journal what was done, such as `port.reserve`.
    ///   - deadline: when to stop waiting for other writers; by default the
    ///     time that the store's options give.
    ///   - cancellation: ends the wait for other writers early.
    ///   - isEssential: may use the room that is kept for a full disk: for
    ///     changes that give something back.
    ///   - makesStore: whether a store is made where there is none. A body
    ///     that changes only what is there needs none: it sees that there is
    ///     nothing, and must write nothing.
    ///   - body: reads, decides and changes.
    /// - Returns: what the body returns.
    /// - Throws: `StoreError`, and whatever the body throws.
    package func write<Result>(
        _ operation: String, until deadline: Deadline? = nil,
        cancellation: Cancellation? = nil, isEssential: Bool = false, makesStore: Bool = true,
        _ body: (inout Transaction) throws -> Result
    ) throws -> Result {
        let deadline = deadline ?? options.lockTimeout.map(Deadline.init(after:))
        var write = StoreEngine.Write(
            operation: operation, deadline: deadline, cancellation: cancellation,
            isEssential: isEssential)
        while true {
            guard let engine = try current(creating: makesStore) else {
                var nothing = Transaction(.empty)
                let result = try body(&nothing)
                precondition(
                    nothing.changes.allSatisfy { $0.value == nil },
                    "a record was written that no store is made for")
                return result
            }
            do {
                return try engine.write(write, body)
            } catch let error as StoreError where error.code == .moved && !write.isRetry {
                // Before anything was written: the body's effects are nowhere.
                write.isRetry = true
                forget(engine)
            }
        }
    }

    /// Makes the store where there is none, and changes nothing else.
    package func create() throws {
        try write("store.init") { _ in }
    }

    /// Runs a body on one consistent snapshot of everything acknowledged so
    /// far, without a lock: no writer waits for it. Blocks the current thread
    /// for as long as the reads of files take.
    package func read<Result>(_ body: (Snapshot) throws -> Result) throws -> Result {
        try body(try snapshot())
    }

    /// How the store makes its changes durable; nil where there is none yet.
    package func durability() throws(StoreError) -> Durability? {
        _ = try snapshot()
        monitor.lock()
        defer { monitor.unlock() }
        return engine?.durability
    }

    func snapshot() throws(StoreError) -> Snapshot {
        guard let engine = try current(creating: false) else { return .empty }
        if engine.isStillNamed { return try engine.snapshot() }
        forget(engine)
        guard let engine = try current(creating: false) else { return .empty }
        return try engine.snapshot()
    }

    func current(creating: Bool) throws(StoreError) -> StoreEngine? {
        monitor.lock()
        defer { monitor.unlock() }
        if let engine { return engine }
        let directory = try StoreDirectory.open(path, creating: creating, environment)
        guard let directory else { return nil }
        let opened = try StoreEngine.shared(directory, options.durability, environment)
        engine = opened
        return opened
    }

    private func forget(_ stale: StoreEngine) {
        monitor.lock()
        defer { monitor.unlock() }
        if engine === stale { engine = nil }
    }
}
