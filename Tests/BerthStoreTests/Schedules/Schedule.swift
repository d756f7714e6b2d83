// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport

/// What a seed decides before anything happens: which store, how many
/// processes, and what may go wrong.
struct Schedule: CustomStringConvertible {
    let seed: UInt64
    let durability: Durability
    let limits: StoreLimits
    let processes: Int
    /// How many things each process does.
    let operations: Int
    /// Of how many calls, in 100, another process makes the next one.
    let restlessness: Int
    /// What goes wrong, in 10 000 calls.
    let deaths, powerCuts: Int
    /// What goes wrong, in 100 calls of the kind.
    let failedFlushes, tornWrites, lostWritebacks: Int

    init(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        func choose<Value>(_ values: Value...) -> Value {
            values[Int(truncatingIfNeeded: random.next() % UInt64(values.count))]
        }
        self.seed = seed
        durability = choose(.full, .full, .full, .strict, .process)
        var limits = StoreLimits.small
        limits.rotationBytes = choose(300, 700, 2000, 4096)
        limits.extensionBytes = choose(256, 1024)
        limits.fanIn = choose(2, 3)
        limits.maximumRuns = choose(3, 4)
        limits.smallMergeBytes = choose(600, 4096)
        limits.foldBytes = choose(0, 300)
        limits.historyGenerations = choose(0, 0, 2)
        limits.vouchAttempts = choose(2, 4, 12)
        self.limits = limits
        processes = choose(2, 2, 3, 4)
        operations = choose(1, 2, 3)
        restlessness = choose(3, 15, 50, 100)
        let isCalm = choose(true, false, false)
        deaths = isCalm ? 0 : choose(0, 0, 30, 150)
        powerCuts = isCalm ? 0 : choose(0, 30, 100)
        tornWrites = isCalm ? 0 : choose(0, 0, 5)
        failedFlushes = isCalm ? 0 : choose(0, 0, 4, 20)
        let isLossy = !isCalm && durability != .process
        lostWritebacks = isLossy ? choose(0, 0, 5, 20) : 0
    }

    /// Whether anything may go wrong: else every operation succeeds.
    var isCalm: Bool {
        deaths + powerCuts + tornWrites + failedFlushes + lostWritebacks == 0
    }

    var description: String {
        "seed \(seed): a \(durability.rawValue) store, \(processes) processes"
    }
}
