// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Foundation
import Testing

extension ProcessTests {
    @Suite("Merges beside everything else")
    struct MergeProcessTests {
        private let store: TemporaryStore

        init() throws {
            store = try TemporaryStore()
        }

        private func berth(_ words: [String]) async throws -> BerthProcess.Outcome {
            try await BerthProcess.run(words, store: store)
        }

        private func mergeFiles() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: store.path).filter {
                $0.hasPrefix("merge-") && !$0.hasSuffix(".lock")
            }
        }

        private func countOfRuns() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: store.path).count {
                $0.hasPrefix("run-")
            }
        }

        /// Runs of which a large merge is due, made without anybody who merges.
        private func makeRuns() throws -> [Record] {
            var options = StoreOptions()
            options.durability = .process
            var environment = StoreEnvironment.live
            environment.engines = EngineRegistry()
            environment.startMerging = { _ in }
            let made = Store(at: store.path, options: options, environment: environment)
            for round in 0..<6 {
                try made.write("fill") { transaction in
                    let text = String(repeating: "x", count: 1500)
                    for number in 100..<800 {
                        let key = RecordKey("kv/key/" + String(number) + "/" + String(round % 2))
                        try transaction.set(key, Array("\"\(round) \(text)\"".utf8))
                    }
                    transaction.delete(RecordKey("kv/key/" + String(110 + round) + "/0"))
                }
            }
            try #require(try made.merger().isDue(.large))
            return try made.allRecords()
        }

        @Test func aKilledMergerHarmsNothing() async throws {
            let records = try makeRuns()
            for round in 0..<5 {
                let merger = try BerthProcess.start(
                    ["store", "merge-runs", "--", store.path], store: store)
                // Later in each round: looking takes time.
                for _ in 0..<round * 20 { _ = try mergeFiles() }
                merger.send(SIGKILL)
                _ = await merger.exitStatus()
                #expect(try await berth(["store", "verify"]).status == 0)
            }
            let merger = try await berth(["store", "merge-runs", "--", store.path])
            #expect(merger.status == 0 && merger.errors.isEmpty)
            #expect(try mergeFiles().contains { $0.hasSuffix(".done") })
            // Enough to fill the journal, so that the merge gets its name.
            let text = String(repeating: "y", count: 60_000)
            for number in 0..<4 {
                let outcome = try await berth(["kv", "set", "z\(number)", "--raw", text])
                #expect(outcome.status == 0)
            }
            #expect(try mergeFiles().isEmpty)
            #expect(try await berth(["store", "verify"]).status == 0)
            let opened = Store(at: store.path)
            #expect(try opened.read { try $0.allRecords(prefix: "kv/key/") } == records)
        }

        /// Whoever leaves runs to merge starts a process for it, and ends before it.
        @Test func theCommandLeavesMergingToAnother() async throws {
            _ = try makeRuns()
            let runs = try countOfRuns()
            let text = String(repeating: "y", count: 60_000)
            for number in 0..<4 {
                let outcome = try await berth(["kv", "set", "z\(number)", "--raw", text])
                #expect(outcome.status == 0)
            }
            // The merger holds the lock until it is done; it may not have begun, or
            // what it made may have got its name.
            while try !mergeFiles().contains(where: { $0.hasSuffix(".done") }),
                try countOfRuns() >= runs
            {
                let script = "flock '\(store.path)/merge-large.lock' true"
                #expect(try await BerthProcess.startShell(script, store: store).exitStatus() == 0)
            }
            #expect(try await berth(["store", "verify"]).status == 0)
        }

        @Test func oneIdOfManyProcessesHasOneEffect() async throws {
            let outcomes = try await withThrowingTaskGroup { group in
                for _ in 0..<12 {
                    group.addTask {
                        try await berth([
                            "kv", "update", "n", "--operation-id", "once", "--", "sh", "-c",
                            "read n; echo $((n + 1))",
                        ])
                    }
                    group.addTask {
                        try await berth([
                            "kv", "set", "m", "1", "--operation-id", "set", "--json",
                        ])
                    }
                    group.addTask {
                        try await berth([
                            "port", "reserve", "--path", "/srv/a", "--allow-unrelated-path",
                            "--operation-id", "port", "--json",
                        ])
                    }
                }
                var outcomes: Set<BerthProcess.Outcome> = []
                for try await outcome in group { outcomes.insert(outcome) }
                return outcomes
            }
            #expect(outcomes.count == 3, "\(outcomes)")
            #expect(outcomes.allSatisfy { $0.status == 0 })
            #expect(try await berth(["kv", "get", "n"]).output == "1\n")
            let info = try await berth(["store", "info", "--json"]).output
            #expect(info.contains("\"transactions\":3,"), "\(info)")
            let refused = try await berth(["kv", "set", "m", "2", "--operation-id", "set"])
            #expect(refused.status == 64 && refused.errors.contains("given to another change"))
        }
    }
}
