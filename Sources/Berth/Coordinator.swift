// SPDX-License-Identifier: Apache-2.0

package import BerthStore

/// The way to one store: its locks, its reservations and its values.
///
/// Making one costs next to nothing and touches no file; each part of the
/// store is opened, or made, when it is first needed. Any number of
/// coordinators, in this process and in others, may use one store at once.
///
/// What a call has reported done stays done, however any process ends. With
/// ``Durability/full`` it survives a power loss as well.
public final class Coordinator: Sendable {
    /// The store's directory, as an absolute path.
    public let path: String

    package let options: StoreOptions

    /// Who hears of what happens.
    package let events: EventReporter

    let ownHolder = OwnHolder()

    /// When this process looks for claims of jobs that have ended.
    let rescuePace = RescuePace()

    /// The records; opened when they are first needed, which for locks is never.
    package let store: Store

    init(
        path: String, options: StoreOptions, events: EventReporter = EventReporter(),
        environment: StoreEnvironment = .live
    ) {
        self.path = path
        self.options = options
        self.events = events
        store = Store(at: path, options: options, environment: environment)
    }

    /// Opens the store at a path.
    ///
    /// - Parameters:
    ///   - path: The store's directory. Without one, the store of the
    ///     command: `$BERTH_STORE`, else `$XDG_STATE_HOME/berth`, else
    ///     `~/.local/state/berth`.
    ///   - durability: How changes are made durable, where the first change
    ///     makes the store. A store that exists keeps its own.
    ///   - timeout: How long a change waits for others' changes; nil for ever.
    ///   - onEvent: Hears of what happens, for logs.
    /// - Returns: The coordinator. That there is a store, or can be one, shows
    ///   at its first use.
    /// - Throws: ``CoordinatorError`` with `invalid` where the path is not
    ///   valid, and with `cannotCreate` where no place can be derived.
    public static func open(
        at path: String? = nil, durability: Durability = .full,
        timeout: Duration? = .seconds(5), onEvent: EventHandler? = nil
    ) throws(CoordinatorError) -> Coordinator {
        let location = try StoreLocation.path(
            path, variable: CurrentProcess.variable,
            workingDirectory: AbsolutePath.workingDirectory)
        var options = StoreOptions()
        options.durability = durability.kind
        options.lockTimeout = timeout
        return Coordinator(path: location, options: options, events: EventReporter(onEvent))
    }

    /// Opens the store at an absolute path, for a program that has its own time
    /// for merging runs; by default it is done on a thread.
    package static func open(
        at path: String, durability: Durability, timeout: Duration?, onEvent: EventHandler?,
        startMerging: @escaping @Sendable (RunMerger) -> Void
    ) -> Coordinator {
        var options = StoreOptions()
        options.durability = durability.kind
        options.lockTimeout = timeout
        var environment = StoreEnvironment.live
        environment.startMerging = startMerging
        return Coordinator(
            path: path, options: options, events: EventReporter(onEvent), environment: environment)
    }

    /// How the changes of a store are made durable; chosen when it is made.
    public struct Durability: Hashable, Sendable {
        let kind: BerthStore.Durability

        /// A change that was reported done survives a power loss. The flushes
        /// of several writers overlap.
        public static var full: Durability { Durability(kind: .full) }
        /// The same, with one flush at a time: for comparison, and as a way
        /// back.
        public static var strict: Durability { Durability(kind: .strict) }
        /// A change that was reported done survives the death of any process.
        /// After a power loss the store opens at its last whole state, which
        /// may be an older one.
        public static var process: Durability { Durability(kind: .process) }
    }
}

// MARK: Transactions

extension Coordinator {
    /// Checks and changes as one step: all of it happens, or nothing.
    ///
    /// Blocks the current thread, for as long as other changes take and at
    /// most the coordinator's timeout. No other change of the store comes in
    /// between, so the body must be short; it must not use the coordinator.
    ///
    /// - Parameters:
    ///   - name: What the transaction is for, as the journal tells it.
    ///   - body: Reads and changes. Where it throws, nothing is changed.
    /// - Returns: What the body returns, once the changes are durable.
    /// - Throws: What the body throws, or ``CoordinatorError``. After
    ///   `indeterminate` the changes may or may not survive a power loss; after
    ///   any other code there are none.
    public func transaction<Result>(
        _ name: String = "transaction",
        _ body: (inout CoordinatorTransaction) throws -> Result
    ) throws -> Result {
        try write(name, body)
    }

    /// Checks and changes as one step: all of it happens, or nothing.
    ///
    /// The body runs on a thread of its own, never on Swift's cooperative
    /// pool. It is not cancelled with the task: once begun, it is done.
    ///
    /// - Parameters:
    ///   - name: What the transaction is for, as the journal tells it.
    ///   - body: Reads and changes. Where it throws, nothing is changed.
    /// - Returns: What the body returns, once the changes are durable.
    /// - Throws: What the body throws, or ``CoordinatorError``, as the
    ///   synchronous twin.
    public func transaction<Result: Sendable>(
        _ name: String = "transaction",
        _ body: @escaping @Sendable (inout CoordinatorTransaction) throws -> Result
    ) async throws -> Result {
        try await onThread { try self.write(name, body) }
    }

    /// Makes the store, where it is not there yet. Blocks the current thread.
    ///
    /// Nobody needs to: the first change does the same.
    ///
    /// - Throws: ``CoordinatorError`` with `cannotCreate` or `unsafeLocation`
    ///   where there can be none, and with `cannotCreate` where there is one
    ///   of another durability.
    public func create() throws {
        do {
            try store.create()
            guard let present = try store.durability(), present != options.durability else {
                return
            }
            throw CoordinatorError(
                .cannotCreate,
                "there is a store of durability " + present.rawValue + " already at " + path)
        } catch {
            throw CoordinatorError.converted(error)
        }
    }

    /// Makes the store as one that the members of a group share: each of them
    /// may read and change it, hold its locks and run its jobs. Blocks the
    /// current thread.
    ///
    /// What they make in it is the group's, whatever their `umask` says. They
    /// trust each other: any of them can destroy the store.
    ///
    /// - Parameter group: The name or the number of a group that the caller is
    ///   a member of.
    /// - Throws: ``CoordinatorError`` with `invalid` where there is no such
    ///   group; with `permission` where the caller is not in it, or its members
    ///   could not come to the place; with `cannotCreate` where something else
    ///   is there, or as `create()`.
    public func create(sharedWith group: String) throws {
        guard let number = UserTable.group(group) else {
            throw CoordinatorError(.invalid, "there is no group '" + group + "'")
        }
        do {
            try StoreDirectory.makeShared(path, with: number)
        } catch {
            throw CoordinatorError(error)
        }
        try create()
        // Who makes one of them later keeps the others waiting for a moment.
        for name in ["locks", Bell.folderName, "holders", "logs"] {
            _ = try StoreFolder.open(name, of: path, creating: true)
        }
    }

    /// Whether there is a store; none is made.
    package func hasStore() throws -> Bool {
        do {
            return try store.durability() != nil
        } catch {
            throw CoordinatorError.converted(error)
        }
    }

    /// Refuses to go on where there is no store, and makes none.
    package func requireStore() throws {
        if try hasStore() { return }
        throw CoordinatorError(
            .notFound, "there is no store at " + path + "; berth store init makes it")
    }

    /// One transaction. One that is essential gives something back, and so may
    /// use the room that is kept for that when the disk is full. One that
    /// changes only what is there makes no store.
    func write<Result>(
        _ name: String, isEssential: Bool = false, makesStore: Bool = true,
        _ body: (inout CoordinatorTransaction) throws -> Result
    ) throws -> Result {
        do {
            var ringing: Ringing?
            let result = try store.write(
                name, isEssential: isEssential, makesStore: makesStore
            ) { base in
                var transaction = CoordinatorTransaction(base, locks)
                let result = try body(&transaction)
                try transaction.writeRunning()
                base = transaction.base
                // Before the change is written: see `Bell`.
                ringing = try Ringing(transaction.bells, in: path)
                return result
            }
            ringing.take()?.ring()
            return result
        } catch {
            throw CoordinatorError.converted(error)
        }
    }

    /// Reads one consistent state of the store, without a lock.
    func read<Result>(_ body: (Snapshot) throws -> Result) throws -> Result {
        do {
            return try store.read(body)
        } catch {
            throw CoordinatorError.converted(error)
        }
    }

    /// Runs a blocking call on a thread of its own.
    func onThread<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        do {
            return try await Thread.run(body)
        } catch {
            throw CoordinatorError.converted(error)
        }
    }
}

extension CoordinatorError {
    /// An error of the store as the library's: the one place where the one
    /// turns into the other. Any other error is left as it is.
    package static func converted(_ error: any Error) -> any Error {
        (error as? StoreError).map { CoordinatorError($0) } ?? error
    }
}
