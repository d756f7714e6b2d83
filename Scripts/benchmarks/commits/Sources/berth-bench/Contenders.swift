// SPDX-License-Identifier: Apache-2.0

import Berth
import Foundation

/// Does what contends for a lock; returns whether that was asked for. Each
/// prints a number a line.
///
/// - Parameter arguments: as main.swift lists them; moments and lengths of time
///   are in nanoseconds, of `CLOCK_MONOTONIC`.
/// - Returns: whether it was one of them.
/// - Throws: what the library throws.
func contend(_ arguments: [String]) throws -> Bool {
    let numbers = arguments.map { UInt64($0) }
    switch (arguments.first, arguments.count) {
    case ("clock", 1):
        print(now())
    case ("turns", 5):
        guard let begin = numbers[3], let end = numbers[4] else { return false }
        try takeTurns(arguments[1], passing: arguments[2], from: begin, until: end)
    case ("read", 4):
        guard let hold = numbers[2], let end = numbers[3] else { return false }
        try read(arguments[1], holding: hold, until: end)
    case ("write", 4):
        guard let pause = numbers[2], let end = numbers[3] else { return false }
        try write(arguments[1], pausing: pause, until: end)
    case ("takeover", 3):
        guard let rounds = numbers[2] else { return false }
        try takeOver(arguments[1], rounds: rounds)
    case ("hold", 2):
        try Coordinator.open(at: arguments[1]).withLock(name) { lock in
            FileHandle.standardOutput.write(Data("\(lock.token)\n".utf8))
            while true { pause() }
        }
    default:
        return false
    }
    return true
}

private let name = "bench"

/// Prints how many turns it had, and then how long after each release by
/// another process the lock was its own. Who releases leaves a note in a file.
private func takeTurns(
    _ store: String, passing note: String, from begin: UInt64, until end: UInt64
) throws {
    let berth = try Coordinator.open(at: store)
    let file = open(note, O_RDWR | O_CREAT, 0o600)
    guard now() < begin, file >= 0 else { exit(1) }
    let own = UInt64(getpid())
    var turns = 0
    var waits: [UInt64] = []
    var time: UInt64 = 0
    while time < end {
        try berth.withLock(name) { _ in
            time = now()
            var last: [UInt64] = [own, 0]
            pread(file, &last, 16, 0)
            if time >= begin, time < end {
                turns += 1
                if last[0] != own { waits.append(time - last[1]) }
            }
            var mine = [own, now()]
            pwrite(file, &mine, 16, 0)
        }
    }
    print(turns)
    for wait in waits { print(wait) }
}

/// Holds the lock as a reader, again and again.
private func read(_ store: String, holding: UInt64, until end: UInt64) throws {
    let berth = try Coordinator.open(at: store)
    while now() < end {
        try berth.withLock(name, mode: .shared) { _ in _ = usleep(UInt32(holding / 1000)) }
    }
}

/// Prints how long each wait of a writer was.
private func write(_ store: String, pausing: UInt64, until end: UInt64) throws {
    let berth = try Coordinator.open(at: store)
    while now() < end {
        usleep(UInt32(UInt64.random(in: 0..<2 * pausing) / 1000))
        let begin = now()
        try berth.withLock(name) { _ in print(now() - begin) }
    }
}

/// Prints for each of some holders how long after its death the lock was one's own.
private func takeOver(_ store: String, rounds: UInt64) throws {
    let berth = try Coordinator.open(at: store)
    for _ in 0..<rounds {
        let holder = Process()
        holder.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
        holder.arguments = ["hold", store]
        let output = Pipe()
        holder.standardOutput = output
        try holder.run()
        _ = output.fileHandleForReading.availableData
        let death = Moment()
        // By then this process has long been waiting.
        let killer = Thread {
            usleep(20_000)
            death.set(now())
            kill(holder.processIdentifier, SIGKILL)
        }
        killer.start()
        try berth.withLock(name) { _ in print(now() - death.get()) }
        holder.waitUntilExit()
    }
}

/// A moment that one thread sets and another reads.
private final class Moment: @unchecked Sendable {
    private let lock = NSLock()
    private var value: UInt64 = 0

    func set(_ time: UInt64) {
        lock.withLock { value = time }
    }

    func get() -> UInt64 {
        lock.withLock { value }
    }
}
