// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// A process that does jobs, as others see it: its presence, and its place in
/// the ring of those who rescue each other's jobs.
final class JobMember: Sendable {
    let presence: Presence
    let rescue: JobRescue
    private let ring: PresenceRing

    /// Comes in. What those left who died before is taken back first.
    init(_ coordinator: Coordinator) throws {
        let rescue = JobRescue(coordinator)
        self.rescue = rescue
        presence = try Presence(in: coordinator.path)
        ring = try PresenceRing(presence) { dead in
            // What the dead have written, a claim perhaps, is made durable
            // first: it is not seen before, and nobody would look again.
            try coordinator.write("job.inherit") { _ in }
            let unfinished = try rescue.run().unfinished
            return dead.filter { !unfinished.contains($0) }
        }
    }

    deinit {
        leave()
    }

    var name: String { presence.member }

    func leave() {
        ring.stop()
        presence.leave()
    }
}

/// Results that other threads bring to one that sleeps.
final class Mailbox<Letter: Sendable>: @unchecked Sendable {
    // `letters` is only touched under `monitor`.
    private let monitor = Monitor()
    private var letters: [Letter] = []
    private let pipe: Pipe

    init() throws(SystemError) {
        pipe = try Pipe()
    }

    deinit {
        FileCalls.close(pipe.reading)
        FileCalls.close(pipe.writing)
    }

    /// Can be read when there are letters.
    var flag: FileDescriptor { pipe.reading }

    func post(_ letter: Letter) {
        monitor.lock()
        defer { monitor.unlock() }
        letters.append(letter)
        // At most one byte is in the pipe: it never blocks.
        if letters.count == 1 { FileCalls.ring(pipe.writing) }
    }

    func take() -> [Letter] {
        monitor.lock()
        defer { monitor.unlock() }
        if letters.isEmpty { return [] }
        var byte: UInt8 = 0
        withUnsafeMutableBytes(of: &byte) { _ = try? FileCalls.read(pipe.reading, into: $0) }
        defer { letters = [] }
        return letters
    }
}
