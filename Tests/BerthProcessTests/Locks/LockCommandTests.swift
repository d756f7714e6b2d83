// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

@Suite("The command lock")
struct LockCommandTests {
    private let store: TemporaryStore

    init() throws {
        store = try TemporaryStore()
    }

    private func run(_ words: String...) async throws -> BerthProcess.Outcome {
        try await BerthProcess.run(words, store: store)
    }

    /// Holds a lock until its input ends.
    private func hold(_ words: [String] = ["lock", "a"]) async throws -> BerthProcess {
        let process = try BerthProcess.start(
            words + ["sh", "-c", "echo in; exec tail -f /dev/null"], store: store)
        #expect(await process.hasPrinted("in"))
        return process
    }

    // MARK: Status

    @Test(arguments: [0, 1, 42, 255] as [Int32])
    func statusIsTheCommands(status: Int32) async throws {
        #expect(try await run("lock", "a", "sh", "-c", "exit \(status)").status == status)
    }

    @Test(arguments: [[], ["--close"], ["--no-fork"]])
    func commandRunsAndTheLockIsFreeAfterwards(options: [String]) async throws {
        let outcome = try await BerthProcess.run(
            ["lock"] + options + ["a", "--", "echo", "-n", "x y"], store: store)
        #expect(outcome.status == 0)
        #expect(outcome.output == "x y")
        #expect(outcome.errors.isEmpty)
        #expect(try await run("locks", "a").status == 1)
        #expect(try await run("lock", "-n", "a", "true").status == 0)
    }

    @Test func signalledCommandIs128AndTheSignal() async throws {
        #expect(try await run("lock", "a", "sh", "-c", "kill -9 $$").status == 137)
        #expect(try await run("lock", "a", "sh", "-c", "kill -15 $$").status == 143)
    }

    @Test(arguments: [["--close"], ["--no-fork"], []])
    func commandThatCannotRunIs127Or126(options: [String]) async throws {
        let missing = try await BerthProcess.run(
            ["lock"] + options + ["a", "no-such-command"], store: store)
        #expect(missing.status == 127)
        #expect(missing.errors.contains("no-such-command"))
        let directory = try await BerthProcess.run(["lock"] + options + ["a", "/"], store: store)
        #expect(directory.status == 126)
        #expect(try await run("locks", "a").status == 1)
    }

    @Test func heldLockIsBusyOrTimesOut() async throws {
        let holder = try await hold()
        #expect(try await run("lock", "-n", "a", "true").status == 75)
        #expect(try await run("lock", "-w", "30ms", "a", "true").status == 124)
        #expect(try await run("lock", "a", "-w", "0", "true").status == 124)
        #expect(try await run("lock", "-n", "-E", "9", "a", "true").status == 9)
        #expect(try await run("lock", "-w", "30ms", "-E", "9", "a", "true").status == 9)
        #expect(try await run("lock", "b", "true").status == 0)
        holder.send(SIGTERM)
        #expect(await holder.exitStatus() == 143)
        #expect(try await run("lock", "-n", "a", "true").status == 0)
    }

    @Test(
        arguments: [
            ["lock"], ["lock", "a"], ["lock", "a b", "true"], ["lock", "a/b", "true"],
            ["lock", "..", "true"], ["lock", "", "true"], ["lock", "a\nb", "true"],
            ["lock", String(repeating: "x", count: 256), "true"], ["lock", "é", "true"],
            ["lock", "--close", "--no-fork", "a", "true"], ["lock", "-n", "-w", "1", "a", "true"],
            ["lock", "a", "--for-pid", "0"], ["lock", "a", "--for-pid", "-1"],
            ["lock", "a", "--for-pid", "x"], ["lock", "a", "--for-pid", "1", "true"],
            ["lock", "-w", "soon", "a", "true"], ["lock", "-E", "256", "a", "true"],
            ["unlock"], ["unlock", "a", "--token", "0"], ["unlock", "a", "--token", "x"],
        ])
    func badUsageIs64AndTouchesNothing(words: [String]) async throws {
        let outcome = try await BerthProcess.run(words, store: store)
        #expect(outcome.status == 64)
        #expect(outcome.errors.split(separator: "\n").count == 1)
        #expect(!FileManager.default.fileExists(atPath: store.path))
    }

    // MARK: What the command finds

    @Test func commandKnowsItsTokenAndItsLocks() async throws {
        let outcome = try await run(
            "lock", "a", "berth", "lock", "b", "sh", "-c", "echo $BERTH_TOKEN; echo $BERTH_HELD")
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.first == "1")
        let held = lines.last?.split(separator: " ").map { $0.prefix(4) }
        #expect(held == ["a:1:", "b:1:"])
    }

    @Test func lockOfAnAncestorIsRefusedAtOnce() async throws {
        let outcome = try await run("lock", "a", "berth", "lock", "a", "true")
        #expect(outcome.status == 75)
        #expect(outcome.errors.contains("already held"))
        // Of the same name in another store it is not.
        let elsewhere = try await run(
            "lock", "a", "berth", "--store", store.directory + "/other", "lock", "a", "true")
        #expect(elsewhere.status == 0)
    }

    #if os(Linux)
        @Test func commandKeepsTicketAndBellAndNothingElseOfTheStore() async throws {
            let script = "ls -l /proc/self/fd | grep \(store.path) | awk '{ print $9 }'"
            let kept = try await run("lock", "a", "sh", "-c", script)
            let numbers = kept.output.split(separator: "\n").compactMap { Int($0) }
            #expect(numbers.count == 2)
            // Others are there where the tests are run under a lock themselves.
            #expect(numbers.allSatisfy { $0 >= 200 })
            #expect(try await run("lock", "--close", "a", "sh", "-c", script).output.isEmpty)
        }
    #endif

    // MARK: Listing

    @Test func listingNamesHolderAndWaitersInOrder() async throws {
        let holder = try await hold()
        var waiters: [BerthProcess] = []
        for place in 1...3 {
            let waiter = try BerthProcess.start(["-v", "lock", "a", "true"], store: store)
            let line = "waiting for the lock 'a', \(place) ahead, held by process"
            #expect(await waiter.hasComplained(line))
            waiters.append(waiter)
        }
        let listed = try await run("locks", "a", "--json")
        #expect(listed.status == 0)
        let listing = try #require(
            try JSONSerialization.jsonObject(with: Data(listed.output.utf8)) as? [String: Any])
        #expect(listing["name"] as? String == "a")
        #expect(listing["state"] as? String == "held")
        #expect(listing["token"] as? Int == 1)
        #expect((listing["command"] as? String)?.hasPrefix("sh -c") == true)
        let listedWaiters = try #require(listing["waiters"] as? [[String: Any]])
        #expect(listedWaiters.map { $0["token"] as? Int } == [2, 3, 4])
        #expect(
            listedWaiters.map { $0["pid"] as? Int } == waiters.map { Int($0.identifier) })
        let table = try await run("locks")
        #expect(table.output.split(separator: "\n").count == 5)

        holder.send(SIGTERM)
        for waiter in waiters { #expect(await waiter.exitStatus() == 0) }
        let free = try await run("locks", "a", "--json")
        #expect(free.status == 1)
        #expect(free.output == #"{"name":"a","state":"free","waiters":[]}"# + "\n")
    }

    @Test func longWaitIsOnePlainLineInALog() async throws {
        let holder = try await hold()
        let waiter = try BerthProcess.start(["lock", "a", "true"], store: store)
        let quiet = try BerthProcess.start(["-q", "lock", "a", "true"], store: store)
        #expect(await waiter.hasComplained("\n"))
        // Nothing more is said of it.
        #expect(try await run("locks", "a", "--until-free", "-w", "2s").status == 124)
        holder.send(SIGTERM)
        let outcome = await waiter.outcome()
        #expect(outcome.status == 0)
        let line = /waiting for the lock 'a', [12] ahead, held by process \d+ for [\dhms ]+: sh -c/
        #expect(outcome.errors.contains(line))
        #expect(outcome.errors.split(separator: "\n").count == 1)
        #expect(await quiet.outcome().errors.isEmpty)
    }

    /// Of several locks the one that another holds is named, with its holder.
    @Test func refusalNamesTheLockAndItsHolder() async throws {
        let holder = try await hold(["lock", "b"])
        while try await !run("locks", "b", "--json").output.contains("sh -c") {}
        let refused = try await run("lock", "a", "--and", "b", "-n", "true")
        #expect(refused.status == 75)
        #expect(refused.errors.hasPrefix("berth: the lock 'b' is held by process "))
        #expect(refused.errors.contains(": sh -c "))
        holder.send(SIGTERM)
    }
}
