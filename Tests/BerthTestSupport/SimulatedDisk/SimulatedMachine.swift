// SPDX-License-Identifier: Apache-2.0

package import BerthStore

extension StoreLimits {
    /// Small enough that a few changes fill a journal, a fence or a run.
    package static var small: StoreLimits {
        var limits = StoreLimits()
        limits.rotationBytes = 4096
        limits.extensionBytes = 1024
        limits.fenceBytes = 256
        limits.fanIn = 3
        limits.maximumRuns = 4
        limits.foldBytes = 1024
        limits.smallMergeBytes = 2048
        limits.historyGenerations = 2
        // Who does not vouch at once is dead here.
        limits.vouchAttempts = 3
        // Who waits for another waits in the kernel, where the disk sees it.
        limits.hintTimeout = nil
        return limits
    }

    /// The same, with nothing kept for people to read.
    package static var smallWithoutHistory: StoreLimits {
        var limits = small
        limits.historyGenerations = 0
        limits.extensionBytes = 256
        return limits
    }
}

extension StoreEnvironment {
    /// The world of a simulated process, in one run of its machine. All that
    /// is not on the disk follows from the seed.
    package static func simulated(
        _ process: SimulatedProcess, boot: Int = 1, limits: StoreLimits = .small, seed: UInt64 = 1
    ) -> StoreEnvironment {
        let random = SharedRandom(seed: seed)
        let identifier = process.identifier
        return StoreEnvironment(
            storage: process, limits: limits, engines: EngineRegistry(),
            bootID: { () throws(SystemError) in
                "00000000-0000-4000-8000-" + String(1_000_000_000_000 + boot)
            },
            now: { 1_700_000_000_000 }, random: { random.next() },
            user: { SimulatedDisk.user }, process: { identifier },
            pause: { process.pause() },
            // A test merges when it wants to.
            startMerging: { _ in })
    }
}

/// A source of random numbers that threads share.
private final class SharedRandom: @unchecked Sendable {
    private let monitor = Monitor()
    private var random: SeededRandom

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
    }

    func next() -> UInt64 {
        monitor.lock()
        defer { monitor.unlock() }
        return random.next()
    }
}

extension Store {
    /// The path of the store on every simulated disk.
    package static var simulatedPath: String { "/var/store" }

    /// A store of a process of its own.
    package static func simulated(
        on disk: SimulatedDisk, boot: Int = 1, durability: Durability = .strict,
        limits: StoreLimits = .small, seed: UInt64 = 1
    ) -> Store {
        simulated(
            SimulatedProcess(on: disk), boot: boot, durability: durability, limits: limits,
            seed: seed)
    }

    package static func simulated(
        _ process: SimulatedProcess, boot: Int = 1, durability: Durability = .strict,
        limits: StoreLimits = .small, seed: UInt64 = 1
    ) -> Store {
        var options = StoreOptions()
        options.durability = durability
        // Nobody else is there to wait for: a wait is a violation at once.
        options.lockTimeout = nil
        return Store(
            at: simulatedPath, options: options,
            environment: .simulated(process, boot: boot, limits: limits, seed: seed))
    }

    /// All records, in the order of their keys.
    package func allRecords() throws -> [Record] {
        try read { try $0.allRecords() }
    }
}

extension Snapshot {
    /// All records, in the order of their keys.
    package func allRecords(prefix: String = "") throws -> [Record] {
        var records: [Record] = []
        try forEach(prefix: prefix) { record in
            records.append(record)
            return true
        }
        return records
    }
}

extension Transaction {
    /// All records, in the order of their keys.
    package func allRecords(prefix: String = "") throws -> [Record] {
        var records: [Record] = []
        try forEach(prefix: prefix) { record in
            records.append(record)
            return true
        }
        return records
    }
}
