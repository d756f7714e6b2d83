// SPDX-License-Identifier: Apache-2.0

import Berth
import Foundation

/// Enqueues jobs, all in one transaction.
///
/// - Returns: How long it took, in nanoseconds.
/// - Throws: what the library throws.
func enqueue(
    _ count: Int, in directory: String, _ durability: Coordinator.Durability
) throws -> UInt64 {
    let berth = try Coordinator.open(at: directory + "/store", durability: durability)
    let requests = (0..<count).map { _ in
        JobRequest(queue: "bench", payload: value(counting: 1))
    }
    let begin = now()
    _ = try berth.jobs.enqueue(requests)
    return now() - begin
}

/// Claims jobs one by one, and completes each: two transactions, on the thread
/// that asks for them, as in the twin for SQLite.
///
/// - Returns: How many were completed between the two times.
/// - Throws: what the library throws.
func work(
    in directory: String, _ durability: Coordinator.Durability, from begin: UInt64,
    until end: UInt64
) throws -> Int {
    let berth = try Coordinator.open(at: directory + "/store", durability: durability)
    guard now() < begin else { exit(1) }
    var done = 0
    while let job = try berth.jobs.claim(from: "bench").first, let token = job.claim?.token {
        try berth.transaction { _ = try $0.completeJob(job.id, token: token) }
        let time = now()
        guard time < end else { break }
        if time >= begin { done += 1 }
    }
    return done
}
