// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

extension ProcessTests {
    @Suite("Standard streams that are closed, full or broken")
    struct StreamTests {
        private let store: TemporaryStore

        init() throws {
            store = try TemporaryStore()
        }

        private func ports() async throws -> String {
            try await BerthProcess.run(["port", "list", "--json"], store: store).output
        }

        @Test func aFullDeviceIsStatus81AndTheWorkIsDone() async throws {
            let outcome = try await BerthProcess.run(
                ["port", "reserve"], store: store, output: .file("/dev/full"))
            #expect(outcome.status == 81)
            #expect(outcome.errors.contains("No space left"))
            #expect(try await ports().contains("\"port\":5000"))
        }

        @Test func aClosedPipeIsStatus81() async throws {
            let process = try BerthProcess.startShell(
                "{ berth port reserve; echo $? >&2; } | true; wait", store: store)
            let outcome = await process.outcome()
            // Whether the reader is gone in time is for the system to say.
            #expect(outcome.errors == "81\n" || outcome.errors == "0\n")
            #expect(try await ports().contains("\"port\":5000"))
        }

        @Test func noMessageEverLandsInTheStore() async throws {
            _ = try await BerthProcess.run(["kv", "set", "a", "1"], store: store)
            let journal = store.path + "/journal"
            let before = FileManager.default.contents(atPath: journal)
            for words in [["kv", "get", "nonesuch"], ["kv", "get", "a"], ["nonesuch"]] {
                _ = try await BerthProcess.run(
                    words, store: store, output: .closed, errors: .closed, inputStream: .closed)
            }
            #expect(FileManager.default.contents(atPath: journal) == before)

            let outcome = try await BerthProcess.run(
                ["kv", "set", "a", "2"], store: store, output: .closed, errors: .closed,
                inputStream: .closed)
            #expect(outcome.status == 0)
            let value = try await BerthProcess.run(["kv", "get", "a"], store: store)
            #expect(value.output == "2\n")
        }

        @Test func withoutAHomeTheLineToUseIsPrinted() async throws {
            let process = try BerthProcess.startShell(
                "cd / && unset BERTH_STORE HOME XDG_STATE_HOME; berth kv list", store: store)
            let outcome = await process.outcome()
            #expect(outcome.status == 73)
            #expect(outcome.errors.contains("BERTH_STORE=/.berth"))
        }
    }
}
