// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

extension ProcessTests {
    @Suite("Ports that many processes want at once")
    struct PortContentionTests {
        private struct Entry: Decodable, Hashable {
            let port: Int
            let path: String
            let tag: String?
            let used: Int64
        }

        private let store: TemporaryStore

        init() throws {
            store = try TemporaryStore()
        }

        private func run(_ words: [String]) async throws -> BerthProcess.Outcome {
            try await BerthProcess.run(
                ["port"] + words, store: store,
                environment: ["BERTH_ALLOW_UNRELATED_PATH": "1"])
        }

        private func runAll(_ commands: [[String]]) async throws -> [BerthProcess.Outcome] {
            try await withThrowingTaskGroup { group in
                for (place, words) in commands.enumerated() {
                    group.addTask { (place, try await run(words)) }
                }
                var outcomes: [Int: BerthProcess.Outcome] = [:]
                for try await (place, outcome) in group { outcomes[place] = outcome }
                return commands.indices.compactMap { outcomes[$0] }
            }
        }

        private func list() async throws -> [Entry] {
            let outcome = try await run(["list", "--json"])
            #expect(outcome.status == 0)
            return try JSONDecoder().decode([Entry].self, from: Data(outcome.output.utf8))
        }

        @Test func twentyProcessesShareElevenPorts() async throws {
            let commands = try (0..<20).map { number in
                [
                    "reserve", "--path", try store.makeDirectory("p\(number)"), "--min", "20100",
                    "--max", "20110",
                ]
            }
            let outcomes = try await runAll(commands)
            let winners = outcomes.filter { $0.status == 0 }
            #expect(winners.count == 11)
            #expect(Set(winners.map(\.output)).count == 11)
            #expect(outcomes.filter { $0.status == 1 }.count == 9)
            #expect(try await list().map(\.port) == Array(20_100...20_110))
        }

        @Test func oneGroupByTenProcessesIsOneGroup() async throws {
            let directory = try store.makeDirectory("shop")
            let text = """
                {"ports":{"min":20200,"max":20299},"reservations":{"services":
                {"web":{"preferred":20250},"api":{"offset":1},"db":{"offset":5}}}}
                """
            try Data(text.utf8).write(to: URL(fileURLWithPath: directory + "/berth.json"))
            let words = ["reserve-group", directory + "/berth.json", "--json"]
            let outcomes = try await runAll(Array(repeating: words, count: 10))
            for outcome in outcomes {
                #expect(outcome.status == 0)
                #expect(outcome.output == outcomes[0].output)
            }
            #expect(try await list().count == 3)
        }

        @Test func expiringNeverEndsWhatWasJustAskedFor() async throws {
            // Every reservation is old; while they are expired, each is asked
            // for again. Whoever was told a port has it afterwards.
            let directories = try (0..<12).map { try store.makeDirectory("p\($0)") }
            func reserve(_ path: String) -> [String] {
                ["reserve", "--path", path, "--min", "20300", "--max", "20399"]
            }
            for round in 0..<3 {
                _ = try await runAll(directories.map(reserve))
                try await age(by: 40)
                var commands = Array(repeating: ["expire", "--days", "30"], count: 6)
                for (place, path) in directories.enumerated() {
                    commands.insert(reserve(path), at: (place * 3 + round) % commands.count)
                }
                let outcomes = try await runAll(commands)
                let listed = try await list()
                for (words, outcome) in zip(commands, outcomes) where words[0] == "reserve" {
                    #expect(outcome.status == 0)
                    #expect(
                        listed.contains {
                            $0.path == words[2] && String($0.port) + "\n" == outcome.output
                        })
                }
                #expect(Set(listed.map(\.port)).count == listed.count)
            }
        }

        /// Makes every reservation older, as a dump that is restored.
        private func age(by days: Int64) async throws {
            let dump = try await BerthProcess.run(["store", "dump"], store: store).output
            let then = Int64(Date().timeIntervalSince1970 * 1000) - days * 86_400_000
            let aged = dump.replacing(/"(used|created)":\d+/) { "\"\($0.output.1)\":\(then)" }
            try FileManager.default.removeItem(atPath: store.path)
            let restored = try await BerthProcess.run(
                ["store", "restore", "-"], store: store, input: aged)
            #expect(restored.status == 0, "\(restored.errors)")
        }

        /// Trees go to and fro while new reservations come to the target: other
        /// tags, which are in nobody's way, or the same one, which stops whatever
        /// migration meets it.
        @Test(arguments: ["late", "web"])
        func aMigrationUnderLoadIsAllOrNothing(tag: String) async throws {
            let source = try store.makeDirectory("from")
            let target = try store.makeDirectory("to")
            func reserve(_ path: String, _ tag: String) -> [String] {
                [
                    "reserve", "--path", path, "--tag", tag, "--min", "20400", "--max", "20499",
                ]
            }
            _ = try await runAll((0..<8).map { reserve(source + "/p\($0)", "web") })
            let before = Set(try await list().map(\.port))
            var commands: [[String]] = []
            for number in 0..<6 {
                commands.append(["migrate", "--from", source, "--to", target, "--recursive"])
                commands.append(reserve(target + "/p\(number)", tag))
                commands.append(["migrate", "--from", target, "--to", source, "--recursive"])
            }
            let outcomes = try await runAll(commands)
            let listed = try await list()
            #expect(Set(listed.map(\.port)).count == listed.count)
            #expect(Set(listed.map { [$0.path, $0.tag] }).count == listed.count)
            #expect(before.isSubset(of: listed.map(\.port)))
            // Each migration is recursive: all eight are on one side.
            let sides = Set(
                listed.filter { before.contains($0.port) }.map { $0.path.hasPrefix(source + "/") })
            #expect(sides.count == 1)
            let expected: [Int32] = tag == "web" ? [0, 1, 66] : [0, 66]
            for outcome in outcomes { #expect(expected.contains(outcome.status), "\(outcome)") }
        }
    }
}
