// SPDX-License-Identifier: Apache-2.0

/// What the engine asks of the world around it; a test gives it another world.
package struct StoreEnvironment: Sendable {
    package var storage: any StorageBackend
    package var limits: StoreLimits
    /// What is open already; nil is what this process has. The registry is made
    /// when an engine is wanted: a lock wants none.
    package var engines: EngineRegistry?
    /// Tells one run of the machine from the next.
    package var bootID: @Sendable () throws(SystemError) -> String
    /// Milliseconds since 1970, for people who read the journal.
    package var now: @Sendable () -> Int64
    package var random: @Sendable () -> UInt64
    package var user: @Sendable () -> UInt32
    package var process: @Sendable () -> Int32
    /// Waits for the blink in which another writer may finish.
    package var pause: @Sendable () -> Void
    /// Is told, with no lock held and after the acknowledgement, that there are
    /// runs to merge; when and where that is done is its decision.
    package var startMerging: @Sendable (RunMerger) -> Void

    package init(
        storage: any StorageBackend, limits: StoreLimits, engines: EngineRegistry?,
        bootID: @escaping @Sendable () throws(SystemError) -> String,
        now: @escaping @Sendable () -> Int64, random: @escaping @Sendable () -> UInt64,
        user: @escaping @Sendable () -> UInt32, process: @escaping @Sendable () -> Int32,
        pause: @escaping @Sendable () -> Void,
        startMerging: @escaping @Sendable (RunMerger) -> Void
    ) {
        self.storage = storage
        self.limits = limits
        self.engines = engines
        self.bootID = bootID
        self.now = now
        self.random = random
        self.user = user
        self.process = process
        self.pause = pause
        self.startMerging = startMerging
    }

    /// This machine and this process.
    package static var live: StoreEnvironment {
        StoreEnvironment(
            storage: SystemStorage(), limits: StoreLimits(), engines: nil,
            bootID: { () throws(SystemError) in try MachineIdentity.bootID() },
            now: { Clock.wallMilliseconds },
            random: { UInt64.random(in: .min ... .max) },
            user: { CurrentProcess.effectiveUser },
            process: { CurrentProcess.identifier },
            pause: { Thread.sleep(microseconds: 50) },
            startMerging: { $0.startThread() })
    }
}

/// The sizes the engine works with. Those that are part of the format are constants.
package struct StoreLimits: Hashable, Sendable {
    /// The largest value of a record, in bytes.
    package static var maximumValue: Int { 64 * 1024 }
    /// The largest line of a transaction, in bytes.
    package static var maximumTransaction: Int { 16 * 1024 * 1024 }
    /// The largest number that JSON carries exactly everywhere.
    static var maximumNumber: UInt64 { 1 << 53 }

    /// A writer that finds so many bytes of lines ends their generation. What
    /// a cold command pays grows with it, 2.4 µs for each KiB.
    package var rotationBytes = 128 * 1024
    /// How far ahead of its lines a journal is extended at a time, so that
    /// most flushes have no change of size to commit.
    package var extensionBytes = 128 * 1024
    /// A fence is kept for each so many bytes of a run.
    package var fenceBytes = 32 * 1024
    /// Neighbouring runs of similar size are merged when there are this many.
    package var fanIn = 4
    /// The most runs a generation names.
    package var maximumRuns = 24
    /// Of how many bytes of runs a rotation makes one with its own.
    package var foldBytes = 384 * 1024
    /// A merge of more bytes is a large one.
    package var smallMergeBytes = 4 * 1024 * 1024
    /// How often it is looked whether older lines are durable, 50 µs apart,
    /// before their writers are given up.
    package var vouchAttempts = 20_000
    /// How long a stopped process may keep others from saying what they have
    /// made durable, before they stop waiting; nil for ever.
    package var hintTimeout: Duration? = .seconds(5)
    /// How many past generations are kept for people to read.
    package var historyGenerations: UInt64 = 64

    package init() {}

    /// The part of the extension that only essential writes may use when the
    /// disk is full: releases and completions.
    var reserveBytes: Int { extensionBytes / 2 }

    /// The same for a writer that has followed a generation from its beginning
    /// and need not read it: what it pays is the rotation.
    var followedRotationBytes: Int { rotationBytes > .max / 2 ? .max : 2 * rotationBytes }
}

/// How the changes of a store are made durable; chosen when it is made.
package enum Durability: String, Hashable, Sendable {
    /// Flushed after the writers' lock is given up, so that the flushes of
    /// several writers overlap; acknowledged, and shown to anyone, after that:
    /// survives a power loss.
    case full
    /// Flushed before the writers' lock is given up: survives a power loss.
    case strict
    /// Left to the system: survives the death of any process. After a power
    /// loss the store opens at its last whole state, which may be older.
    case process
}

/// How a store is opened.
package struct StoreOptions: Hashable, Sendable {
    /// For a store that is made; an existing one keeps its own.
    package var durability = Durability.full
    /// How long to wait for the writers' lock; nil waits for ever.
    package var lockTimeout: Duration? = .seconds(5)

    package init() {}
}
