// SPDX-License-Identifier: Apache-2.0

// A program of the tests: what only another process can do, such as to sleep
// and be killed. Its first word says what.

import Berth
import BerthStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

let words = Array(CommandLine.arguments.dropFirst())
let berth = try Coordinator.open()

func say(_ line: String) {
    var bytes = Array((line + "\n").utf8)
    bytes.withUnsafeMutableBytes { _ = try? FileCalls.write(.standardOutput, .init($0)) }
}

switch words.first {
case "sleep": try sleep(until: words[1])
case "present": try stayPresent()
case "hold": try hold(words[1])
case "nest": try nest(words[1])
case "serve": serve()
case "hold-jobs": try await holdJobs(words[1])
case "count": try await count(words[1], in: words[2])
default: say("what is that?")
}

/// Sleeps until a key has a value.
func sleep(until key: String) throws {
    var looks = 0
    let value: KeyValue? = try berth.wait(for: [Interest("test", key)], until: nil) {
        looks += 1
        let value = try berth.transaction { try $0.value(forKey: key) }
        if let value { return .found(value) }
        // The second look is the one after the bell was put up.
        if looks == 2 { say("asleep") }
        return .nothing(until: nil)
    }
    say("found " + (value?.text ?? ""))
}

/// Is there until it is killed, and says who dies before it.
func stayPresent() throws {
    let presence = try Presence(in: berth.path)
    let ring = try PresenceRing(presence) { dead in
        for member in dead { say("dead " + member) }
        return dead
    }
    say("present " + presence.member)
    _ = try WakeUp().wait()
    ring.stop()
}

/// Does jobs that never end.
func holdJobs(_ queue: String) async throws {
    try await berth.queue(queue, of: Int.self).run(concurrency: 100) { job in
        say("started \(job.id) \(job.attempt)")
        try await Task.sleep(for: .seconds(3600))
    }
}

/// Does short jobs, each of which counts itself in the transaction that
/// completes it, and says so where two attempts of one overlap.
func count(_ queue: String, in directory: String) async throws {
    let folder = try FileCalls.openDirectory(directory)
    try await berth.queue(queue, of: Int.self).run(concurrency: 2) { job in
        let file = try FileCalls.open("\(job.id)", in: folder, .creating)
        defer { FileCalls.close(file) }
        // The kernel may still be taking the locks of a dead process away.
        var isAlone = false
        for _ in 0..<200 where !isAlone {
            isAlone = try FileCalls.lock(file, .exclusive, waiting: false)
            if !isAlone { try await Task.sleep(for: .milliseconds(1)) }
        }
        if !isAlone { say("overlap of \(job.id)") }
        try await Task.sleep(for: .milliseconds(Int.random(in: 0...3)))
        try await berth.transaction { transaction in
            let key = "done/\(job.id)"
            let before = try transaction.value(forKey: key).flatMap { Int($0.text) } ?? 0
            try transaction.setValue(Array(String(before + 1).utf8), forKey: key)
            try transaction.completeJob(job.id, token: job.token)
        }
        try FileCalls.unlock(file)
    }
}

/// Takes a lock that a command which runs this process may hold, as it may be
/// taken inside itself.
func nest(_ name: String) throws {
    do throws(CoordinatorError) {
        let lock = try berth.lock(name)
        say("alone \(lock.token)")
        lock.release()
    } catch {
        say(error.code == .deadlock ? "refused" : error.message)
    }
    try berth.withLock(name, isReentrant: true) { lock in
        say("inside \(lock.name) \(lock.token)")
        try lock.renew()
    }
    if let lock = try berth.tryLock(name) {
        say("free")
        lock.release()
    } else {
        say("held")
    }
}

/// Has an item of a pool until it is killed.
func hold(_ pool: String) throws {
    try berth.pool(pool).withItems { items in
        say("has " + items.joined(separator: " "))
        try WakeUp().wait()
    }
}

/// Serves one visitor of the socket that this process was started with, as a
/// server that is activated by one does.
func serve() {
    guard CurrentProcess.variable("LISTEN_PID") == Array(String(getpid()).utf8),
        CurrentProcess.variable("LISTEN_FDS") == Array("1".utf8)
    else { return say("no socket is handed over") }
    let visitor = accept(3, nil, nil)
    var answer = Array("served\n".utf8)
    if write(visitor, &answer, answer.count) == answer.count { say("served one") }
    _ = close(visitor)
}

extension WakeUp {
    /// Nobody wakes it.
    func wait() throws { _ = try Poll.wait([reading], until: nil) }
}
