// SPDX-License-Identifier: Apache-2.0

import Berth
import Foundation

/// Does what measures workers; returns whether that was asked for.
///
/// - Parameter arguments: as main.swift lists them.
/// - Returns: whether it was one of them.
/// - Throws: what the library throws.
func workForMeasure(_ arguments: [String]) async throws -> Bool {
    let number = arguments.last.flatMap { Int($0) }
    switch (arguments.first, arguments.count) {
    case ("claims", 3):
        guard let number else { return false }
        try claimTimed(number, in: arguments[1])
    case ("finish", 3):
        guard let number else { return false }
        try finish(number, in: arguments[1])
    case ("idle", 2):
        try await tellWaits(arguments[1])
    case ("starts", 3):
        guard let number else { return false }
        try enqueueOneByOne(number, in: arguments[1])
    case ("stay", 2):
        try await stay(arguments[1])
    case ("rescues", 3):
        guard let number else { return false }
        try await rescue(number, in: arguments[1])
    case ("stamp", 2):
        try stamp(arguments[1])
    case ("command-rescues", 4):
        guard let number else { return false }
        try rescueCommands(number, by: arguments[1], in: arguments[2])
    case ("count", 3):
        try await count(in: arguments[1], arguments[2])
    case ("storm", 4):
        guard let number else { return false }
        try storm(number, in: arguments[1], arguments[2])
    default:
        return false
    }
    return true
}

private let name = "bench"

// MARK: Claims

/// Prints how long each claim took, in nanoseconds; each job is then completed.
private func claimTimed(_ count: Int, in directory: String) throws {
    let berth = try Coordinator.open(at: directory + "/store", durability: .process)
    for _ in 0..<count {
        let begin = now()
        let claimed = try berth.jobs.claim(from: name)
        print(now() - begin)
        guard let job = claimed.first, let token = job.claim?.token else { exit(1) }
        _ = try berth.transaction { try $0.completeJob(job.id, token: token) }
    }
}

/// Claims and completes jobs by the thousand.
private func finish(_ count: Int, in directory: String) throws {
    let berth = try Coordinator.open(at: directory + "/store", durability: .process)
    try berth.jobs.updateQueue(name) { $0.keepsAtMost = 1_000_000_000 }
    for _ in stride(from: 0, to: count, by: 1000) {
        let claimed = try berth.jobs.claim(from: name, limit: 1000)
        _ = try berth.transaction { transaction in
            for job in claimed {
                try transaction.completeJob(job.id, token: job.claim?.token ?? 0)
            }
        }
    }
}

// MARK: A worker that sleeps

/// A moment, as a payload.
private struct Moment: Codable, Sendable {
    var time: UInt64
}

private func say(_ line: some CustomStringConvertible) {
    FileHandle.standardOutput.write(Data((line.description + "\n").utf8))
}

/// Prints how long after the moment in its payload each job began; ends at
/// the moment 0.
private func tellWaits(_ store: String) async throws {
    try await Coordinator.open(at: store).queue(name, of: Moment.self).run { job in
        let begin = now()
        if job.payload.time == 0 {
            try await job.complete()
            exit(0)
        }
        say(begin - job.payload.time)
    }
}

/// Enqueues jobs for a worker that has fallen asleep in between.
private func enqueueOneByOne(_ count: Int, in store: String) throws {
    let berth = try Coordinator.open(at: store)
    let queue = berth.queue(name, of: Moment.self)
    for _ in 0..<count {
        try queue.enqueue(Moment(time: now()))
        _ = try berth.jobs.wait(for: .emptyQueue(name))
        usleep(10_000)
    }
    try queue.enqueue(Moment(time: 0))
}

// MARK: Workers that die

/// Does jobs that never end, and says when one begins.
private func stay(_ store: String) async throws {
    try await Coordinator.open(at: store).queue(name, of: Moment.self).run { job in
        say(job.id)
        try await Task.sleep(for: .seconds(3600))
    }
}

/// Prints how long after the death of each of some workers its job began in
/// this process, whose worker sleeps.
private func rescue(_ rounds: Int, in store: String) async throws {
    let berth = try Coordinator.open(at: store)
    let queue = berth.queue(name, of: Moment.self)
    for _ in 0..<rounds {
        let (victim, output) = try start(CommandLine.arguments[0], ["stay", store])
        try await queue.enqueue(Moment(time: 0))
        _ = output.availableData
        let (begins, begin) = AsyncStream.makeStream(of: UInt64.self)
        let worker = Task {
            try await queue.run { _ in begin.yield(now()) }
        }
        try await Task.sleep(for: .milliseconds(50))
        let death = now()
        kill(victim.processIdentifier, SIGKILL)
        for await moment in begins {
            print(moment - death)
            break
        }
        _ = try await berth.jobs.wait(for: .emptyQueue(name))
        worker.cancel()
        try await worker.value
        victim.waitUntilExit()
    }
}

private func start(
    _ program: String, _ arguments: [String]
) throws -> (Process, FileHandle) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    return (process, output.fileHandleForReading)
}

/// Says in a FIFO when it began and whose child it is, and stays.
private func stamp(_ path: String) throws {
    let file = open(path, O_WRONLY)
    let line = Array("\(now()) \(getppid())\n".utf8)
    write(file, line, line.count)
    while true { pause() }
}

/// Prints for each of some workers how long after its death its job's command
/// ran again, by another worker that slept; the old one is ended before.
private func rescueCommands(_ rounds: Int, by berth: String, in store: String) throws {
    let path = store + "/../stamps"
    mkfifo(path, 0o600)
    let stamps = open(path, O_RDWR)
    func next() -> (moment: UInt64, worker: Int32) {
        var line = [UInt8](repeating: 0, count: 64)
        let count = read(stamps, &line, line.count)
        let words = String(decoding: line[..<max(0, count)], as: UTF8.self)
            .split { $0 == " " || $0 == "\n" }
        guard words.count == 2, let moment = UInt64(words[0]), let worker = Int32(words[1])
        else { exit(1) }
        return (moment, worker)
    }
    let jobs = try Coordinator.open(at: store).jobs
    var workers: [Process] = []
    for _ in 0..<rounds {
        while workers.count < 2 {
            let words = ["--store", store, "work", name, "--", CommandLine.arguments[0]]
            workers.append(try start(berth, words + ["stamp", path]).0)
        }
        usleep(50_000)
        let job = try jobs.enqueue(JobRequest(queue: name, payload: Array("1".utf8)))
        let victim = next().worker
        let death = now()
        kill(victim, SIGKILL)
        print(next().moment - death)
        try jobs.cancel(job.id)
        _ = try jobs.wait(for: .jobs([job.id], states: nil))
        workers.removeAll { $0.processIdentifier == victim }
    }
    for worker in workers { worker.terminate() }
}

// MARK: A storm

/// Does short jobs, each of which counts itself in the transaction that
/// completes it, and says so where two attempts of one overlap.
private func count(in store: String, _ folder: String) async throws {
    let berth = try Coordinator.open(at: store)
    try await berth.queue(name, of: Moment.self).run(concurrency: 4) { job in
        let file = open(folder + "/\(job.id)", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(file) }
        // The kernel may still be taking the locks of a dead process away.
        var isAlone = false
        for _ in 0..<200 where !isAlone {
            isAlone = flock(file, LOCK_EX | LOCK_NB) == 0
            if !isAlone { try await Task.sleep(for: .milliseconds(1)) }
        }
        if !isAlone { say("overlap") }
        try await Task.sleep(for: .milliseconds(Int.random(in: 0...3)))
        try await berth.transaction { transaction in
            let key = "done/\(job.id)"
            let before = try transaction.value(forKey: key).flatMap { Int($0.text) } ?? 0
            try transaction.setValue(Array(String(before + 1).utf8), forKey: key)
            try transaction.completeJob(job.id, token: job.token)
        }
        flock(file, LOCK_UN)
    }
}

/// Has jobs done by 8 workers, of which one is killed every 100 ms. Prints how
/// many were not completed exactly once, how many attempts overlapped, and how
/// many workers died.
private func storm(_ count: Int, in store: String, _ folder: String) throws {
    let berth = try Coordinator.open(at: store)
    let queue = berth.queue(name, of: Moment.self)
    for _ in stride(from: 0, to: count, by: 1000) {
        try queue.enqueue(Array(repeating: Moment(time: 0), count: 1000))
    }
    var workers: [(Process, FileHandle)] = []
    func begin() throws -> (Process, FileHandle) {
        try start(CommandLine.arguments[0], ["count", store, folder])
    }
    for _ in 0..<8 { workers.append(try begin()) }
    var overlaps = 0
    func end(_ worker: (Process, FileHandle)) {
        kill(worker.0.processIdentifier, SIGKILL)
        worker.0.waitUntilExit()
        overlaps += worker.1.readDataToEndOfFile().count { $0 == UInt8(ascii: "\n") }
    }
    func isBusy(_ queue: JobQueueStatus) -> Bool {
        queue.count(.available) + queue.count(.running) + queue.count(.retryable) > 0
    }
    var deaths = 0
    while try berth.jobs.queues().contains(where: isBusy) {
        usleep(100_000)
        let place = deaths % workers.count
        end(workers[place])
        workers[place] = try begin()
        deaths += 1
    }
    for worker in workers { end(worker) }
    let jobs = try berth.jobs.list()
    let counts = try berth.values.list(prefix: "done/")
    let once = counts.count { $0.text == "1" }
    let completed = jobs.count { $0.state == .completed }
    print(count - min(once, completed), overlaps, deaths)
}
