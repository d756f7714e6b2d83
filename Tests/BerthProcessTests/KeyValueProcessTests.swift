// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Testing

extension ProcessTests {
    @Suite("Values, by many processes at once")
    struct KeyValueProcessTests {
        private let store: TemporaryStore

        init() throws {
            store = try TemporaryStore()
        }

        private func berth(_ words: [String], input: String = "") async throws
            -> BerthProcess.Outcome
        {
            try await BerthProcess.run(words, store: store, input: input)
        }

        private func runAtOnce(
            _ count: Int, _ words: @escaping @Sendable (Int) -> [String]
        ) async throws -> [BerthProcess.Outcome] {
            try await withThrowingTaskGroup { group in
                for index in 0..<count { group.addTask { try await berth(words(index)) } }
                var outcomes: [BerthProcess.Outcome] = []
                for try await outcome in group { outcomes.append(outcome) }
                return outcomes
            }
        }

        @Test func fiftyUpdatesCountToFifty() async throws {
            let outcomes = try await runAtOnce(50) { _ in
                ["kv", "update", "counter", "--", "sh", "-c", "read n; echo $((n+1))"]
            }
            for outcome in outcomes { #expect(outcome.status == 0, "\(outcome.errors)") }
            #expect(try await berth(["kv", "get", "counter"]).output == "50\n")
        }

        @Test func anUpdateWithinItselfIsRefusedAtOnce() async throws {
            let nested = try await BerthProcess.startShell(
                "berth kv update a -- berth kv update a -- echo 1", store: store
            ).outcome()
            #expect(nested.status == 75)
            #expect(nested.errors.contains("already held"))
            #expect(try await berth(["kv", "get", "a"]).status == 66)
        }

        @Test func aHolderThatLostItsLockCannotWrite() async throws {
            let script = """
                token=$(berth lock build --for-pid $$)
                berth kv set a 1 --if-lock build:$token; echo $?
                berth kv set a 2 --if-lock build:$((token + 1)); echo $?
                berth unlock build --token $token
                berth kv set a 3 --if-lock build:$token; echo $?
                berth kv set a 4 --if-lock other:1; echo $?
                berth kv get a
                """
            let outcome = try await BerthProcess.startShell(script, store: store).outcome()
            #expect(outcome.output == "0\n76\n76\n76\n1\n")
        }

        @Test func oneOfManyIsTheFirst() async throws {
            let outcomes = try await runAtOnce(20) {
                ["kv", "set", "leader", "\($0)", "--if-absent"]
            }
            #expect(outcomes.filter { $0.status == 0 }.count == 1)
            #expect(outcomes.filter { $0.status == 1 }.count == 19)
        }

        @Test(arguments: [
            ("exit 3", 3), ("kill -9 $$", 137), ("echo no json", 64), ("printf 2; exit 1", 1),
        ])
        func anUpdateThatFailsChangesNothing(script: String, status: Int32) async throws {
            #expect(try await berth(["kv", "set", "a", "1"]).status == 0)
            let before = try await berth(["kv", "get", "a", "--json"]).output
            let outcome = try await berth(["kv", "update", "a", "--", "sh", "-c", script])
            #expect(outcome.status == status)
            #expect(try await berth(["kv", "get", "a", "--json"]).output == before)
        }

        @Test func aCommandThatCannotBeRunIs127Or126() async throws {
            #expect(try await berth(["kv", "update", "a", "/nonesuch"]).status == 127)
            #expect(try await berth(["kv", "update", "a", store.directory]).status == 126)
        }

        @Test func aCommandNeedNotReadNorHurry() async throws {
            let long = String(repeating: "x", count: 60_000)
            #expect(try await berth(["kv", "set", "a", "--raw", "-"], input: long).status == 0)
            let script = "exec <&-; head -c 60000 /dev/zero | tr '\\0' y"
            #expect(
                try await berth(["kv", "update", "--raw", "a", "--", "sh", "-c", script]).status
                    == 0)
            #expect(
                try await berth(["kv", "get", "--raw", "a"]).output
                    == String(repeating: "y", count: 60_000) + "\n")
        }

        @Test func aCommandHasTheUsualDispositions() async throws {
            // Ignored, SIGPIPE would let the writer go on for ever.
            let script = "yes | head -n 1 >/dev/null; echo 7"
            #expect(
                try await berth(["kv", "update", "a", "--", "sh", "-c", script]).status == 0)
            #expect(try await berth(["kv", "get", "a"]).output == "7\n")
        }
    }
}
