// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

@Suite("Shared locks, slots and several locks at once")
struct LockModeTests {
    private let scene: LockScene

    init() throws {
        scene = try LockScene()
    }

    // MARK: Shared

    @Test func readersAreInTogetherAndAWriterIsNot() async throws {
        let first = try await scene.hold(["lock", "a", "-s"])
        let second = try await scene.hold(["lock", "-s", "a"])
        #expect(try await scene.tokens("holders") == [1, 2])
        #expect(try await scene.run("lock", "-n", "a", "true").status == 75)
        #expect(try await scene.run("lock", "-n", "-s", "a", "true").status == 0)
        first.send(SIGTERM)
        second.send(SIGTERM)
        #expect(try await scene.run("lock", "-w", "20", "a", "true").status == 0)
    }

    @Test func readerNeverOvertakesAWriterThatWaits() async throws {
        let reader = try await scene.hold(["lock", "a", "-s"])
        let writer = try await scene.startWaiter(says: "writer")
        // It could be in beside the first, but the writer came before it.
        #expect(try await scene.run("lock", "-n", "-s", "a", "true").status == 75)
        let late = try await scene.startWaiter(["lock", "-s", "a"], says: "late")
        #expect(try await scene.tokens("waiters") == [2, 3])
        reader.send(SIGTERM)
        #expect(await writer.outcome().output == "writer\n")
        #expect(await late.outcome().output == "late\n")
    }

    @Test func writerAmongReadersWaitsForNoMoreThanThoseBeforeIt() async throws {
        let store = scene.store
        let log = store.directory + "/log"
        try await withThrowingTaskGroup(of: Void.self) { group in
            for reader in 0..<4 {
                group.addTask {
                    let script = """
                        i=0; while [ $i -lt 15 ]; do
                        berth lock a -s -- sh -c 'echo in >> \(log); sleep 0.005'
                        i=$((i + 1)); done; echo \(reader)
                        """
                    _ = try await BerthProcess.startShell(script, store: store).outcome()
                }
            }
            group.addTask {
                let script = """
                    i=0; while [ $i -lt 10 ]; do
                    wc -l < \(log) > \(log).$i
                    berth -v lock a -- sh -c 'wc -l < \(log)' >> \(log).$i
                    i=$((i + 1)); done
                    """
                _ = FileManager.default.createFile(atPath: log, contents: nil)
                _ = try await BerthProcess.startShell(script, store: store).outcome()
            }
            try await group.waitForAll()
        }
        for turn in 0..<10 {
            let text = try String(contentsOfFile: log + ".\(turn)", encoding: .utf8)
            let counts = text.split(separator: "\n").compactMap { Int($0) }
            try #require(counts.count == 2)
            // Four readers that are in, and as many that came while berth started.
            #expect(counts[1] - counts[0] <= 12)
        }
    }

    // MARK: Slots

    @Test(arguments: [1, 3])
    func neverMoreThanTheSlotsAndAllOfThemAreUsed(slots: Int) async throws {
        let store = scene.store
        let directory = try store.makeDirectory("in")
        let script = """
            touch \(directory)/$$; ls \(directory) | wc -l; sleep 0.02; rm \(directory)/$$
            """
        var most = 0
        var outputs: [Int] = []
        try await withThrowingTaskGroup(of: BerthProcess.Outcome.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    try await BerthProcess.run(
                        ["lock", "a", "--slots", String(slots), "--", "sh", "-c", script],
                        store: store)
                }
            }
            for try await outcome in group {
                #expect(outcome.status == 0)
                let count = Int(outcome.output.trimmingCharacters(in: .whitespacesAndNewlines))
                outputs.append(count ?? 0)
                most = max(most, count ?? 0)
            }
        }
        #expect(most <= slots)
        #expect(slots == 1 || most > 1)
        #expect(outputs.count == 16)
        #expect(try await scene.run("locks", "a").status == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scene.folder()) == ["gate"])
    }

    @Test func slotsAreGivenInTheOrderOfArrival() async throws {
        let slots = ["lock", "a", "--slots", "2"]
        let first = try await scene.hold(slots)
        let second = try await scene.hold(slots)
        var waiters: [BerthProcess] = []
        for number in 3...5 {
            let waiter = try BerthProcess.start(
                ["-v"] + slots + ["sh", "-c", "echo in \(number); exec tail -f /dev/null"],
                store: scene.store)
            #expect(await waiter.hasComplained("waiting for the lock"))
            waiters.append(waiter)
        }
        #expect(try await scene.run("lock", "-n", "a", "--slots", "2", "true").status == 75)
        #expect(try await scene.tokens("waiters") == [3, 4, 5])
        second.send(SIGKILL)
        _ = await second.exitStatus()
        // The command of the second goes on, and has its slot.
        #expect(try await scene.tokens("holders") == [1, 2])
        first.send(SIGTERM)
        #expect(await waiters[0].hasPrinted("in 3"))
        #expect(try await scene.tokens("waiters") == [4, 5])
        // One that gives up leaves no gap: the one behind it is next.
        waiters[1].send(SIGKILL)
        _ = await waiters[1].exitStatus()
        waiters[0].send(SIGTERM)
        #expect(await waiters[2].hasPrinted("in 5"))
        for orphan in try await scene.listing()["holders"] as? [[String: Any]] ?? [] {
            if let process = orphan["pid"] as? Int { kill(Int32(process), SIGKILL) }
        }
    }

    @Test(arguments: [["--slots", "4"], ["-s"], []])
    func contendersThatDisagreeAreToldSo(options: [String]) async throws {
        let holder = try await scene.hold(["lock", "a", "--slots", "3"])
        for patience in [[], ["-n"], ["-w", "5"]] {
            let outcome = try await BerthProcess.run(
                ["lock", "a"] + options + patience + ["true"], store: scene.store)
            #expect(outcome.status == 64)
            #expect(outcome.errors.contains("3 slots (token 1, process"))
        }
        holder.send(SIGTERM)
        _ = await holder.exitStatus()
        let outcome = try await BerthProcess.run(
            ["lock", "a"] + options + ["true"], store: scene.store)
        #expect(outcome.status == 0)
    }

    // MARK: Several

    @Test func allLocksAreTakenOrNone() async throws {
        let holder = try await scene.hold(["lock", "b"])
        let words = ["lock", "c", "--and", "b", "--and", "a", "-n", "--", "true"]
        #expect(try await BerthProcess.run(words, store: scene.store).status == 75)
        for name in ["a", "c"] { #expect(try await scene.run("locks", name).status == 1) }
        holder.send(SIGTERM)
        _ = await holder.exitStatus()
        let outcome = try await scene.run(
            "lock", "c", "--and", "b", "--and", "a", "--and", "b", "--", "sh", "-c",
            "for name in a b c; do berth locks $name >/dev/null && echo $name; done; echo $BERTH_HELD"
        )
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.dropLast() == ["a", "b", "c"])
        #expect(lines.last?.split(separator: " ").map { $0.prefix(2) } == ["a:", "b:", "c:"])
        for name in ["a", "b", "c"] { #expect(try await scene.run("locks", name).status == 1) }
    }

    @Test func locksInAnyOrderNeverBlockEachOther() async throws {
        let store = scene.store
        try await withThrowingTaskGroup(of: Int32.self) { group in
            for number in 0..<12 {
                let names = [["a", "b", "c"], ["c", "b", "a"], ["b", "c", "a"]][number % 3]
                group.addTask {
                    try await BerthProcess.run(
                        ["lock", names[0], "--and", names[1], "--and", names[2], "--", "true"],
                        store: store
                    ).status
                }
            }
            for try await status in group { #expect(status == 0) }
        }
    }

    @Test(
        arguments: [
            ["--slots", "0"], ["--slots", "-1"], ["--slots", "65"], ["--slots", "x"],
            ["--slots", "2", "-s"], ["--and", ""], ["--and", "x/y"], ["--ttl", "0"],
            ["--ttl", "soon"], ["--token", "3"], ["--for-pid", "1", "--and", "b"],
            ["--for-pid", "1", "--reentrant"], ["--renew", "-s"], ["--renew"],
        ])
    func badUsageIs64AndTouchesNothing(options: [String]) async throws {
        let outcome = try await BerthProcess.run(
            ["lock", "a"] + options + (options[0] == "--for-pid" ? [] : ["true"]),
            store: scene.store)
        #expect(outcome.status == 64)
        #expect(outcome.errors.split(separator: "\n").count == 1)
        #expect(!FileManager.default.fileExists(atPath: scene.store.path))
    }
}
