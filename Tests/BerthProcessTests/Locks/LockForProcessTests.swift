// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

@Suite("Locks that are taken for a process")
struct LockForProcessTests {
    private let store: TemporaryStore

    init() throws {
        store = try TemporaryStore()
    }

    private func run(_ words: String...) async throws -> BerthProcess.Outcome {
        try await BerthProcess.run(words, store: store)
    }

    private func shell(_ script: String) async throws -> BerthProcess.Outcome {
        try await BerthProcess.startShell(script, store: store).outcome()
    }

    /// A shell that takes the lock for itself and goes on.
    private func hold() async throws -> BerthProcess {
        let holder = try BerthProcess.startShell(
            "berth lock a --for-pid $$; echo in; exec tail -f /dev/null", store: store)
        #expect(await holder.hasPrinted("in"))
        return holder
    }

    private func startWaiter(_ words: [String] = []) async throws -> BerthProcess {
        let waiter = try BerthProcess.start(
            ["-v", "lock", "a"] + (words.isEmpty ? ["echo", "got it"] : words), store: store)
        #expect(await waiter.hasComplained("waiting for the lock"))
        return waiter
    }

    @Test func scriptHoldsTheLockAcrossCommands() async throws {
        let outcome = try await shell(
            """
            token=$(berth lock a --for-pid $$) && echo "took $token"
            berth lock -n a true; echo "busy $?"
            berth unlock a && echo released
            berth lock -n a true; echo "free $?"
            berth unlock a; echo "again $?"
            """)
        #expect(
            outcome.output == "took 1\nbusy 75\nreleased\nfree 0\nagain 76\n")
    }

    @Test func sameProcessGetsTheSameToken() async throws {
        let outcome = try await shell(
            "berth lock a --for-pid $$; berth lock a --for-pid $$; berth lock -n a --for-pid $$")
        #expect(outcome.output == "1\n1\n1\n")
    }

    @Test func endOfTheProcessFreesTheLock() async throws {
        let holder = try await hold()
        let waiter = try await startWaiter()
        holder.send(SIGKILL)
        #expect(await waiter.outcome().output == "got it\n")
        #expect(try await run("locks", "a").status == 1)
    }

    @Test func unlockByTokenWakesTheWaiter() async throws {
        let holder = try await hold()
        let waiter = try await startWaiter()
        #expect(try await run("unlock", "a", "--token", "7").status == 76)
        #expect(try await run("unlock", "a").status == 76)
        #expect(try await run("unlock", "a", "--token", "1").status == 0)
        #expect(await waiter.outcome().output == "got it\n")
        #expect(try await run("unlock", "a", "--token", "1").status == 76)
        holder.send(SIGKILL)
    }

    @Test func runningCommandsTokenIsNotReleased() async throws {
        let outcome = try await run("lock", "a", "sh", "-c", "berth unlock a --token $BERTH_TOKEN")
        #expect(outcome.status == 76)
    }

    @Test func unknownLockAndMissingProcessAre66() async throws {
        #expect(try await run("unlock", "a").status == 66)
        let missing = try await run("lock", "a", "--for-pid", "2147483647")
        #expect(missing.status == 66)
        #expect(missing.errors.contains("2147483647"))
        // It has made no lock of that name.
        #expect(try await run("unlock", "a").status == 66)
    }

    @Test func ticketOfAKilledWaiterIsNotTheProcesses() async throws {
        let holder = try await hold()
        let other = try BerthProcess.startShell("echo in; exec tail -f /dev/null", store: store)
        #expect(await other.hasPrinted("in"))
        let waiter = try await startWaiter(["--for-pid", String(other.identifier)])
        waiter.send(SIGKILL)
        _ = await waiter.exitStatus()
        holder.send(SIGKILL)
        _ = await holder.exitStatus()
        // Free at once, although the process it was to be taken for lives.
        #expect(try await run("lock", "-w", "20", "a", "true").status == 0)
        other.send(SIGKILL)
    }

    @Test func waitForAProcessThatEndsIsGivenUp() async throws {
        let holder = try await hold()
        let other = try BerthProcess.startShell("echo in; exec tail -f /dev/null", store: store)
        #expect(await other.hasPrinted("in"))
        let waiter = try await startWaiter(["--for-pid", String(other.identifier)])
        other.send(SIGKILL)
        #expect(await waiter.exitStatus() == 66)
        holder.send(SIGKILL)
    }

    @Test func tokenIsPrintedAsJSON() async throws {
        let outcome = try await shell("berth --json lock a --for-pid $$")
        #expect(outcome.output == #"{"name":"a","token":1}"# + "\n")
    }
}
