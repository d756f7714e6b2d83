// SPDX-License-Identifier: Apache-2.0

import Berth

/// How late a task is that has nothing to do with a lock for which many other
/// tasks of the process wait, from before they come to after they have been
/// granted it one after another.
///
/// - Parameters:
///   - count: how many tasks wait.
///   - store: the path of the store.
///   - end: when the lock is given back, in nanoseconds of `CLOCK_MONOTONIC`.
/// - Returns: for each time that the task wanted to go on, how long after that
///   it did, in nanoseconds.
/// - Throws: what the library throws.
func delays(besides count: Int, in store: String, until end: UInt64) async throws -> [UInt64] {
    let berth = try Coordinator.open(at: store)
    let held: Lock = try await berth.lock("tasks")
    let other = Task {
        var delays: [UInt64] = []
        while !Task.isCancelled {
            let due = now() + 1_000_000
            try? await Task.sleep(for: .milliseconds(1), tolerance: .zero)
            delays.append(max(now(), due) - due)
        }
        return delays
    }
    let waiters = (0..<count).map { _ in
        Task { try await berth.withLock("tasks") { _ in await Task.yield() } }
    }
    while now() < end { try await Task.sleep(for: .milliseconds(10)) }
    held.release()
    for waiter in waiters { try await waiter.value }
    other.cancel()
    return await other.value
}
