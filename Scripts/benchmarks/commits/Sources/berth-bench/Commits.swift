// SPDX-License-Identifier: Apache-2.0

import Berth
import Foundation

/// Reads and writes one key in each transaction, and notes how long each takes.
///
/// As in the twin for SQLite, a worker has 16 keys of its own, and each value
/// carries the number before.
///
/// - Parameters:
///   - directory: where the store is, or is made.
///   - durability: of a store that is made.
///   - begin: when to begin counting, in nanoseconds of `CLOCK_MONOTONIC`.
///   - end: when to stop.
/// - Returns: the time in nanoseconds of each transaction that was acknowledged
///   between the two.
/// - Throws: what the library throws.
func commit(
    to directory: String, _ durability: Coordinator.Durability, from begin: UInt64,
    until end: UInt64
) throws -> [UInt32] {
    let berth = try Coordinator.open(at: directory + "/store", durability: durability)
    let keys = (0..<16).map { "bench/\(getpid())/\($0)" }
    guard now() < begin else { exit(1) }
    var times: [UInt32] = []
    times.reserveCapacity(1 << 20)
    var last = now()
    for turn in 0... {
        let key = keys[turn % keys.count]
        try berth.transaction { transaction in
            let before = try transaction.value(forKey: key).map { count(in: $0.json) } ?? 0
            try transaction.setValue(value(counting: before + 1), forKey: key)
        }
        let time = now()
        guard time < end else { break }
        if time >= begin { times.append(UInt32(clamping: time - last)) }
        last = time
    }
    return times
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
