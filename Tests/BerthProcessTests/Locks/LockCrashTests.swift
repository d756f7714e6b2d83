// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

@Suite("Locks whose holders die")
struct LockCrashTests {
    private let store: TemporaryStore

    init() throws {
        store = try TemporaryStore()
    }

    private func run(_ words: String...) async throws -> BerthProcess.Outcome {
        try await BerthProcess.run(words, store: store)
    }

    /// Starts a command under a lock, which prints its pid and goes on.
    private func hold(
        _ words: [String] = ["lock", "a"]
    ) async throws -> (berth: BerthProcess, command: Int32) {
        let berth = try BerthProcess.start(
            words + ["sh", "-c", "echo pid $$ .; exec tail -f /dev/null"], store: store)
        #expect(await berth.hasPrinted(" ."))
        // The details follow the start of the command.
        var pid: Int32?
        while pid == nil {
            let listed = try await run("locks", "a", "--json").output
            let listing = try JSONSerialization.jsonObject(with: Data(listed.utf8))
            let number = (listing as? [String: Any])?["pid"] as? Int
            pid = number.map { Int32($0) }
        }
        return (berth, try #require(pid))
    }

    private func startWaiter() async throws -> BerthProcess {
        let waiter = try BerthProcess.start(["-v", "lock", "a", "echo", "got it"], store: store)
        #expect(await waiter.hasComplained("waiting for the lock"))
        return waiter
    }

    @Test func killedWrapperLeavesTheLockWithTheCommand() async throws {
        let (berth, command) = try await hold()
        let waiter = try await startWaiter()
        berth.send(SIGKILL)
        #expect(await berth.exitStatus() == 137)
        let listing = try await run("locks", "a", "--json")
        #expect(listing.status == 0)
        #expect(listing.output.contains("\"state\":\"orphaned\""))
        #expect(listing.output.contains("\"pid\":\(command)"))
        #expect(try await run("lock", "-n", "a", "true").status == 75)
        kill(command, SIGKILL)
        #expect(await waiter.outcome().output == "got it\n")
    }

    @Test func killedWrapperOfAClosedCommandFreesTheLock() async throws {
        let (berth, command) = try await hold(["lock", "--close", "a"])
        defer { kill(command, SIGKILL) }
        let waiter = try await startWaiter()
        berth.send(SIGKILL)
        #expect(await waiter.outcome().output == "got it\n")
    }

    @Test func killedCommandFreesTheLock() async throws {
        let (berth, command) = try await hold()
        let waiter = try await startWaiter()
        kill(command, SIGKILL)
        #expect(await berth.exitStatus() == 137)
        #expect(await waiter.outcome().output == "got it\n")
    }

    @Test func commandInThePlaceOfTheWrapperHoldsTheLockUntilItDies() async throws {
        let (berth, command) = try await hold(["lock", "--no-fork", "a"])
        #expect(command == berth.identifier)
        let waiter = try await startWaiter()
        berth.send(SIGKILL)
        #expect(await waiter.outcome().output == "got it\n")
        #expect(try await run("locks", "a").status == 1)
    }

    @Test func killedWaiterIsSkipped() async throws {
        let (berth, _) = try await hold()
        let first = try await startWaiter()
        let second = try await startWaiter()
        first.send(SIGKILL)
        _ = await first.exitStatus()
        berth.send(SIGTERM)
        #expect(await second.outcome().output == "got it\n")
    }

    @Test func backgroundGrandchildDoesNotKeepTheLock() async throws {
        let script = "sleep 1000 >/dev/null 2>&1 & echo $!"
        let outcome = try await run("lock", "a", "sh", "-c", script)
        let grandchild = try #require(Int32(outcome.output.dropLast()))
        defer { kill(grandchild, SIGKILL) }
        #expect(kill(grandchild, 0) == 0)
        #expect(try await run("lock", "-n", "a", "true").status == 0)
    }

    @Test func zombieHolderIsDead() async throws {
        // The holder becomes a zombie: a parent that never waits replaces its own.
        let script = "berth lock --no-fork a sh -c 'echo in; kill -9 $$' & exec tail -f /dev/null"
        let parent = try BerthProcess.startShell(script, store: store)
        #expect(await parent.hasPrinted("in"))
        #expect(try await run("lock", "-w", "20", "a", "true").status == 0)
        parent.send(SIGKILL)
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGHUP, SIGQUIT])
    func signalIsPassedOnOnceAndTheWrapperReturnsTheStatus(signal: Int32) async throws {
        let script = """
            count=0; trap 'count=$((count + 1)); echo "signal $count"' TERM INT HUP QUIT
            echo ready; while [ $count -eq 0 ]; do sleep 0.01; done; exit 7
            """
        let berth = try BerthProcess.start(["lock", "a", "sh", "-c", script], store: store)
        #expect(await berth.hasPrinted("ready"))
        berth.send(signal)
        let outcome = await berth.outcome()
        #expect(outcome.status == 7)
        #expect(outcome.output == "ready\nsignal 1\n")
    }

    @Test func stoppedProcessInTheGateEndsTheWaitWithAClearError() async throws {
        #expect(try await run("lock", "a", "true").status == 0)
        let gate = try store.folder(ofLock: "a") + "/gate"
        let stopped = try BerthProcess.startShell(
            "exec 9<>\(gate); flock 9; echo in; kill -STOP $$", store: store)
        #expect(await stopped.hasPrinted("in"))
        let outcome = try await run("lock", "-w", "0.2", "a", "true")
        #expect(outcome.status == 124)
        #expect(outcome.errors.contains("/gate"))
        // Listing goes by it.
        #expect(try await run("locks", "a").status == 1)
        stopped.send(SIGKILL)
        _ = await stopped.exitStatus()
        #expect(try await run("lock", "a", "true").status == 0)
    }

    @Test func whoWouldNotWaitIsToldAtOnceWhoIsStoppedInTheGate() async throws {
        #expect(try await run("lock", "a", "true").status == 0)
        let gate = try store.folder(ofLock: "a") + "/gate"
        let stopped = try BerthProcess.startShell(
            "exec flock -F \(gate) sh -c 'echo in; kill -STOP $$'", store: store)
        #expect(await stopped.hasPrinted("in"))
        let clock = ContinuousClock()
        let start = clock.now
        let outcome = try await run("lock", "-n", "a", "true")
        #expect(clock.now - start < .seconds(3))
        #expect(outcome.status == 75)
        #expect(outcome.errors.contains("kill -CONT \(stopped.identifier)"))
        #expect(outcome.errors.contains("/gate"))
        #expect(try await run("lock", "-n", "-E", "9", "a", "true").status == 9)
        stopped.send(SIGKILL)
        _ = await stopped.exitStatus()
        #expect(try await run("lock", "-n", "a", "true").status == 0)
    }
}
