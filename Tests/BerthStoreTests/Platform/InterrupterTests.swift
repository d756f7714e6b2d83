// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Waiting for a lock on the calling thread, until a deadline.
@Suite struct InterrupterTests {
    private let storage = SystemStorage()

    @Test func aFreeLockIsGranted() throws {
        let file = try Strangers()
        defer { file.close() }
        #expect(
            try storage.lock(file.first, .exclusive, until: Deadline(after: .seconds(60))) == true)
    }

    @Test func aWaitEndsAtItsDeadlineAndNotBefore() throws {
        let file = try Strangers()
        defer { file.close() }
        #expect(try storage.lock(file.first, .exclusive, waiting: false))
        let deadline = Deadline(after: .milliseconds(20))
        #expect(try storage.lock(file.second, .exclusive, until: deadline) == false)
        #expect(deadline.isPast)
        // Nothing is left of the wait.
        try storage.unlock(file.first)
        #expect(try storage.lock(file.first, .exclusive, waiting: false))
    }

    @Test func aWaitEndsWhenTheLockIsFree() async throws {
        let file = try Strangers()
        defer { file.close() }
        #expect(try storage.lock(file.first, .exclusive, waiting: false))
        let storage = storage
        async let isHeld = Thread.run {
            try storage.lock(file.second, .exclusive, until: Deadline(after: .seconds(60)))
        }
        try storage.unlock(file.first)
        #expect(try await isHeld == true)
    }

    /// A signal that came late would end a call of the program itself.
    @Test func noCallAfterAWaitIsInterrupted() throws {
        let file = try Strangers()
        defer { file.close() }
        #expect(try storage.lock(file.first, .exclusive, waiting: false))
        for _ in 0..<100 {
            let deadline = Deadline(after: .milliseconds(1))
            #expect(try storage.lock(file.second, .exclusive, until: deadline) == false)
            #expect(poll(nil, 0, 1) == 0)
        }
    }

    @Test func aThreadThatBlocksTheSignalDoesSoAfterwards() async throws {
        let file = try Strangers()
        defer { file.close() }
        #expect(try storage.lock(file.first, .exclusive, waiting: false))
        let storage = storage
        let (isHeld, isBlocked) = try await Thread.run {
            var signals = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, SIGURG)
            pthread_sigmask(SIG_BLOCK, &signals, nil)
            let deadline = Deadline(after: .milliseconds(20))
            let isHeld = try storage.lock(file.second, .exclusive, until: deadline)
            pthread_sigmask(SIG_BLOCK, nil, &signals)
            return (isHeld, sigismember(&signals, SIGURG) == 1)
        }
        #expect(isHeld == false)
        #expect(isBlocked)
    }

    /// Two open descriptions of one file: for `flock` they are strangers.
    private struct Strangers {
        let place: TemporaryStore
        let first: FileDescriptor
        let second: FileDescriptor

        init() throws {
            place = try TemporaryStore()
            let directory = try FileCalls.openDirectory(place.directory)
            defer { FileCalls.close(directory) }
            first = try FileCalls.open("lock", in: directory, .creating)
            second = try FileCalls.open("lock", in: directory, .creating)
        }

        func close() {
            FileCalls.close(first)
            FileCalls.close(second)
        }
    }
}
