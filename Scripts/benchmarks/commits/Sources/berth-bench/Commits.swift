// SPDX-License-Identifier: Apache-2.0

import Berth
import Foundation

/// Reads and writes one key in each transaction, and counts them.
///
/// As in the twin for SQLite, a worker has 16 keys of its own, and each value
/// carries the number before.
///
/// - Parameters:
///   - directory: where the store is, or is made.
///   - durability: of a store that is made.
///   - begin: when to begin counting, in nanoseconds of `CLOCK_MONOTONIC`.
///   - end: when to stop.
/// - Returns: how many transactions were acknowledged between the two.
/// - Throws: what the library throws.
func commit(
    to directory: String, _ durability: Coordinator.Durability, from begin: UInt64,
    until end: UInt64
) throws -> Int {
    let berth = try Coordinator.open(at: directory + "/store", durability: durability)
    let keys = (0..<16).map { "bench/\(getpid())/\($0)" }
    guard now() < begin else { exit(1) }
    var done = 0
    for turn in 0... {
        let key = keys[turn % keys.count]
        try berth.transaction { transaction in
            let before = try transaction.value(forKey: key).map { count(in: $0.json) } ?? 0
            try transaction.setValue(value(counting: before + 1), forKey: key)
        }
        let time = now()
        guard time < end else { break }
        if time >= begin { done += 1 }
    }
    return done
}

/// A value like `{"count":7,"fill":"000…"}`, put together by hand.
func value(counting count: Int) -> [UInt8] {
    var value = Array("{\"count\":".utf8)
    value.append(contentsOf: String(count).utf8)
    value.append(contentsOf: ending)
    return value
}

private let ending = Array((",\"fill\":\"" + String(repeating: "0", count: 100) + "\"}").utf8)

/// The number in such a value.
private func count(in value: [UInt8]) -> Int {
    value.dropFirst(9).prefix { $0 != UInt8(ascii: ",") }
        .reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
}

/// Nanoseconds of `CLOCK_MONOTONIC`.
func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
