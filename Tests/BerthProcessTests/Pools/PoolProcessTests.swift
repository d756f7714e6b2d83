// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

extension ProcessTests {
    @Suite("Pools, between processes")
    struct PoolProcessTests {
        private struct Item: Decodable {
            let item: String
            let state: String
            let pid: Int32?
        }

        private struct Status: Decodable {
            let free: Int
            let waiting: Int
            let items: [Item]
        }

        private let store: TemporaryStore

        init() throws {
            store = try TemporaryStore()
        }

        // MARK: Tools

        private func run(_ words: String...) async throws -> BerthProcess.Outcome {
            try await BerthProcess.run(words, store: store)
        }

        private func make(_ name: String, count: Int) async throws {
            #expect(try await run("pool", "create", name, "--count", "\(count)").status == 0)
        }

        private func status(_ pool: String, in path: String? = nil) async throws -> Status {
            let outcome = try await run(
                "pool", "show", pool, "--json", "--store", path ?? store.path)
            return try JSONDecoder().decode(Status.self, from: Data(outcome.output.utf8))
        }

        /// Starts a command that has items, and goes on.
        private func hold(
            _ pool: String, _ options: String...
        ) async throws -> (berth: BerthProcess, command: Int32) {
            let file = store.directory + "/" + UUID().uuidString
            let script = "echo $$ >\(file); echo in; exec tail -f /dev/null"
            let berth = try BerthProcess.start(
                ["pool", "run", pool] + options + ["--", "sh", "-c", script], store: store)
            #expect(await berth.hasPrinted("in"))
            let text = try String(contentsOfFile: file, encoding: .utf8)
            let command = try #require(Int32(text.dropLast()))
            // The details follow the start of the command.
            while try await !status(pool).items.contains(where: { $0.pid == command }) {}
            return (berth, command)
        }

        /// Starts one who stands in line, and prints what it gets.
        private func wait(_ pool: String, _ options: String...) async throws -> BerthProcess {
            let waiter = try BerthProcess.start(
                ["-v", "pool", "run", pool] + options + ["--", "sh", "-c", "echo $BERTH_ITEMS"],
                store: store)
            #expect(await waiter.hasComplained("pool.busy"))
            return waiter
        }

        // MARK: Never double

        @Test func twentyTakersShareFiveItems() async throws {
            try await make("five", count: 5)
            let outcomes = try await withThrowingTaskGroup { group in
                for tag in 0..<20 {
                    group.addTask { try await run("pool", "take", "five", "-n", "-t", "\(tag)") }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let winners = outcomes.filter { $0.status == 0 }
            #expect(Set(winners.map(\.output)) == Set((1...5).map { "\($0)\n" }))
            #expect(winners.count == 5)
            #expect(outcomes.allSatisfy { $0.status == 0 || $0.status == 75 })
        }

        @Test func twentyRunnersNeverHaveTheSameItem() async throws {
            try await make("five", count: 5)
            let place = try store.makeDirectory("places")
            // Two who have one item make one directory.
            let script = """
                for round in 1 2; do
                    berth pool run five -- sh -c \
                        'mkdir \(place)/$BERTH_ITEM && berth kv list >/dev/null \
                        && rmdir \(place)/$BERTH_ITEM' || exit 1
                done
                """
            let outcomes = try await withThrowingTaskGroup { group in
                for _ in 0..<20 {
                    group.addTask {
                        await (try BerthProcess.startShell(script, store: store)).outcome()
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for outcome in outcomes { #expect(outcome.status == 0, "\(outcome.errors)") }
            let status = try await status("five")
            #expect(status.free == 5 && status.waiting == 0)
        }

        // MARK: The line

        @Test func waitersAreServedInTheOrderOfComing() async throws {
            try await make("one", count: 1)
            let (_, command) = try await hold("one")
            let file = store.directory + "/order"
            var waiters: [BerthProcess] = []
            for number in 1...4 {
                let waiter = try BerthProcess.start(
                    ["-v", "pool", "run", "one", "sh", "-c", "echo \(number) >>\(file)"],
                    store: store)
                #expect(await waiter.hasComplained("pool.busy"))
                waiters.append(waiter)
            }
            #expect(try await status("one").waiting == 4)
            kill(command, SIGKILL)
            for waiter in waiters { #expect(await waiter.exitStatus() == 0) }
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "1\n2\n3\n4\n")
        }

        @Test func aTakeOfSeveralIsNotOvertaken() async throws {
            try await make("three", count: 3)
            let (_, command) = try await hold("three")
            let wide = try await wait("three", "--count", "3")
            let early = try await run("pool", "take", "three", "-n")
            if early.status != 75 { kill(command, SIGKILL) }
            // Else the first in line would wait for what nobody gives back.
            try #require(early.status == 75)
            let narrow = try await wait("three")
            #expect(try await status("three").free == 2)
            kill(command, SIGKILL)
            #expect(await wide.outcome().output == "1 2 3\n")
            #expect(await narrow.outcome().output == "1\n")
        }

        @Test func aWaiterWhoseTimeIsOverLeavesTheLine() async throws {
            try await make("one", count: 1)
            let (_, command) = try await hold("one")
            let first = try await wait("one", "--wait", "0.3")
            let second = try await wait("one", "--wait", "0.3")
            let third = try await wait("one")
            for waiter in [first, second] {
                let outcome = await waiter.outcome()
                #expect(outcome.status == 124)
                #expect(outcome.errors.contains("in time"))
            }
            #expect(try await status("one").waiting == 1)
            kill(command, SIGKILL)
            #expect(await third.outcome().output == "1\n")
        }

        @Test func aKilledWaiterIsSkipped() async throws {
            try await make("one", count: 1)
            let (_, command) = try await hold("one")
            let waiters = [try await wait("one"), try await wait("one"), try await wait("one")]
            // The first is the one that watches the holder.
            for waiter in waiters[..<2] {
                waiter.send(SIGKILL)
                _ = await waiter.exitStatus()
            }
            #expect(try await status("one").waiting == 1)
            kill(command, SIGKILL)
            #expect(await waiters[2].outcome().output == "1\n")
            // The next who takes it removes what the first one's bell has left.
            #expect(try await run("pool", "run", "one", "true").status == 0)
            let bells = try FileManager.default.contentsOfDirectory(atPath: store.path + "/bells")
            #expect(bells.isEmpty)
        }

        @Test func poolsDoNotDisturbEachOther() async throws {
            try await make("one", count: 1)
            try await make("two", count: 2)
            let (_, command) = try await hold("one")
            let waiter = try await wait("one")
            #expect(try await run("pool", "run", "two", "-n", "-c", "2", "true").status == 0)
            #expect(try await run("pool", "take", "two", "-n").status == 0)
            #expect(try await run("pool", "give", "two").status == 0)
            #expect(try await run("pool", "drop", "two").status == 0)
            #expect(try await status("one").waiting == 1)
            kill(command, SIGKILL)
            #expect(await waiter.outcome().output == "1\n")
        }

        @Test func whatIsGivenBackGoesToTheFirstInLine() async throws {
            try await make("one", count: 1)
            #expect(try await run("pool", "take", "one", "--path", "/").output == "1\n")
            let waiter = try await wait("one")
            #expect(try await run("pool", "give", "one", "1", "--path", "/").status == 0)
            #expect(await waiter.outcome().output == "1\n")
        }

        // MARK: Deaths

        @Test func killedWrapperLeavesTheItemWithTheCommand() async throws {
            try await make("one", count: 1)
            let (berth, command) = try await hold("one")
            let waiter = try await wait("one")
            berth.send(SIGKILL)
            #expect(await berth.exitStatus() == 137)
            let status = try await status("one")
            #expect(status.items.map(\.pid) == [command])
            #expect(status.free == 0 && status.waiting == 1)
            #expect(try await run("pool", "run", "one", "-n", "true").status == 75)
            kill(command, SIGKILL)
            #expect(await waiter.outcome().output == "1\n")
        }

        @Test func killedCommandFreesTheItem() async throws {
            try await make("one", count: 1)
            let (berth, command) = try await hold("one")
            let waiter = try await wait("one")
            kill(command, SIGKILL)
            #expect(await berth.exitStatus() == 137)
            #expect(await waiter.outcome().output == "1\n")
        }

        @Test func killedProcessFreesWhatWasTakenForIt() async throws {
            try await make("one", count: 1)
            let script = """
                berth pool take one --for-pid $$; berth pool take one --for-pid $$
                exec tail -f /dev/null
                """
            let shell = try BerthProcess.startShell(script, store: store)
            #expect(await shell.hasPrinted("1\n1\n"))
            #expect(try await status("one").items.map(\.pid) == [shell.identifier])
            // Another process of the same directory is another owner.
            let other = try await run("pool", "take", "one", "-n", "--for-pid", "\(getpid())")
            #expect(other.status == 75)
            let waiter = try await wait("one")
            shell.send(SIGKILL)
            #expect(await waiter.outcome().output == "1\n")
        }

        @Test func killedProgramFreesWhatItsLibraryHolds() async throws {
            try await make("one", count: 1)
            let program = try BerthProcess.startShell(
                "exec berth-test-worker hold one", store: store)
            #expect(await program.hasPrinted("has 1"))
            let waiter = try await wait("one")
            program.send(SIGKILL)
            #expect(await waiter.outcome().output == "1\n")
        }

        @Test func aScriptGivesBackWhatItTookForItself() async throws {
            try await make("two", count: 2)
            let script = """
                berth pool take two --for-pid $$ && berth pool give two
                berth pool give two
                echo $?
                """
            let outcome = try await BerthProcess.startShell(script, store: store).outcome()
            #expect(outcome.output == "1\n66\n")
            #expect(try await status("two").free == 2)
        }

        @Test func takersThatAreKilledAnywhereLeaveNothingBehind() async throws {
            try await make("three", count: 3)
            for round in 0..<4 {
                var takers: [BerthProcess] = []
                for number in 0..<8 {
                    let count = "\(number % 3 + 1)"
                    takers.append(
                        try BerthProcess.start(
                            ["pool", "run", "three", "-c", count, "true"], store: store))
                }
                // At whatever moment they have reached when one of them is done.
                #expect(await takers[round].exitStatus() == 0)
                for place in stride(from: (round + 1) % 2, to: 8, by: 2) {
                    takers[place].send(SIGKILL)
                }
                for taker in takers {
                    let status = await taker.exitStatus()
                    #expect(status == 0 || status == 137)
                }
            }
            let status = try await status("three")
            #expect(status.free == 3 && status.waiting == 0)
            #expect(try await run("pool", "run", "three", "-n", "-c", "3", "true").status == 0)
        }

        @Test func backgroundGrandchildDoesNotKeepTheItem() async throws {
            try await make("one", count: 1)
            let script = "sleep 1000 >/dev/null 2>&1 & echo $!"
            let outcome = try await run("pool", "run", "one", "sh", "-c", script)
            let grandchild = try #require(Int32(outcome.output.dropLast()))
            defer { kill(grandchild, SIGKILL) }
            #expect(kill(grandchild, 0) == 0)
            #expect(try await run("pool", "run", "one", "-n", "true").status == 0)
        }

        // MARK: Commands

        @Test func aCommandFindsItsItemsAndItsStatusIsReturned() async throws {
            #expect(try await run("pool", "create", "gpu", "a b", "c").status == 0)
            let outcome = try await run(
                "pool", "run", "gpu", "-c", "2", "sh", "-c",
                "echo \"$BERTH_ITEM\"; echo \"$BERTH_ITEMS\"; exit 3")
            #expect(outcome.status == 3)
            #expect(outcome.output == "a b\na b\nc\n")
            #expect(try await run("pool", "run", "gpu", "/nowhere/at/all").status == 127)
            #expect(try await status("gpu").free == 2)
        }

        @Test func aWaitForWhatAnAncestorHasIsRefused() async throws {
            try await make("two", count: 2)
            let words = ["pool", "run", "two", "-c", "2", "--", "berth"]
            let nested = ["pool", "run", "two", "-w", "20", "true"]
            let outcome = try await BerthProcess.run(words + nested, store: store)
            #expect(outcome.status == 75)
            #expect(outcome.errors.contains("would never end"))
            // One may be had beside the other.
            let both = ["pool", "run", "two", "--", "berth"] + nested
            #expect(try await BerthProcess.run(both, store: store).status == 0)
        }

        @Test func aStoreThatIsMovedTakesItsHoldersAlong() async throws {
            try await make("one", count: 1)
            let (_, command) = try await hold("one")
            let moved = store.directory + "/moved"
            try FileManager.default.moveItem(atPath: store.path, toPath: moved)
            #expect(try await status("one", in: moved).items.map(\.pid) == [command])
            let take = ["--store", moved, "pool", "run", "one"]
            #expect(try await BerthProcess.run(take + ["-n", "true"], store: store).status == 75)
            let waiter = try BerthProcess.start(["-v"] + take + ["echo", "got it"], store: store)
            #expect(await waiter.hasComplained("pool.busy"))
            kill(command, SIGKILL)
            #expect(await waiter.outcome().output == "got it\n")
        }
    }
}
