// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

extension ProcessTests {
    @Suite("Ports, by many processes at once")
    struct PortRaceTests {
        private struct Entry: Decodable, Hashable {
            let port: Int
            let path: String
        }

        private let store: TemporaryStore

        init() throws {
            store = try TemporaryStore()
        }

        private func reserve(_ directory: String) async throws -> BerthProcess.Outcome {
            try await BerthProcess.run(
                [
                    "port", "reserve", "--path", directory, "--min", "20000", "--max", "20039",
                    "--allow-unrelated-path",
                ],
                store: store)
        }

        private func reserveAll(
            _ directories: [String]
        ) async throws -> [String: BerthProcess.Outcome] {
            try await withThrowingTaskGroup { group in
                for directory in directories {
                    group.addTask { (directory, try await reserve(directory)) }
                }
                var outcomes: [String: BerthProcess.Outcome] = [:]
                for try await (directory, outcome) in group { outcomes[directory] = outcome }
                return outcomes
            }
        }

        private func list() async throws -> [Entry] {
            let outcome = try await BerthProcess.run(["port", "list", "--json"], store: store)
            #expect(outcome.status == 0)
            return try JSONDecoder().decode([Entry].self, from: Data(outcome.output.utf8))
        }

        @Test func fiftyReserversShareFortyPorts() async throws {
            let directories = try (0..<50).map { try store.makeDirectory("project-\($0)") }
            let outcomes = try await reserveAll(directories)

            let winners = outcomes.filter { $0.value.status == 0 }
            let losers = outcomes.filter { $0.value.status != 0 }
            #expect(winners.count == 40)
            #expect(Set(winners.values.map(\.output)).count == 40)
            #expect(losers.count == 10)
            for outcome in losers.values {
                #expect(outcome.status == 1)
                #expect(outcome.output.isEmpty)
                #expect(outcome.errors.contains("no port is free"))
                #expect(outcome.errors.split(separator: "\n").count == 1)
            }

            let listed = try await list()
            #expect(listed.map(\.port) == Array(20_000...20_039))
            let expected = winners.map { directory, outcome in
                Entry(port: Int(outcome.output.dropLast()) ?? 0, path: directory)
            }
            #expect(Set(listed) == Set(expected))

            let repeated = try await reserveAll(directories)
            for directory in directories {
                #expect(repeated[directory]?.status == outcomes[directory]?.status)
                #expect(repeated[directory]?.output == outcomes[directory]?.output)
            }
            #expect(try await list() == listed)
        }

        @Test func aReservationThatWasReportedSurvivesTheDeathOfOthers() async throws {
            // Reservers are killed at whatever moment they have reached; each
            // that has printed its port must be found in the list.
            for round in 0..<8 {
                let directories = try (0..<6).map { try store.makeDirectory("\(round)-\($0)") }
                let processes = try directories.map { directory in
                    try BerthProcess.start(
                        ["port", "reserve", "--path", directory, "--allow-unrelated-path"],
                        store: store)
                }
                #expect(await processes[round % 6].exitStatus() == 0)
                for process in processes { process.send(SIGKILL) }
                let listed = try await list()
                for (process, directory) in zip(processes, directories) {
                    let outcome = await process.outcome()
                    guard let port = Int(outcome.output.dropLast()) else { continue }
                    #expect(listed.contains(Entry(port: port, path: directory)))
                }
                #expect(Set(listed.map(\.port)).count == listed.count)
            }
        }
    }
}
