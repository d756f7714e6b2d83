// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

extension ProcessTests {
    @Suite("Limits of the system")
    struct LimitTests {
        private let store: TemporaryStore

        init() throws {
            store = try TemporaryStore()
        }

        private func shell(_ script: String) async throws -> BerthProcess.Outcome {
            try await BerthProcess.startShell(script, store: store).outcome()
        }

        /// With any number of descriptors, a command does all that it was told, or
        /// nothing and says so in one line.
        @Test(arguments: [
            "kv set a 1", "kv get b", "lock x -- true", "port reserve --skip-occupancy-check",
            "pool take gpu", "job add q --payload 1", "store verify",
        ])
        func withoutDescriptorsOneLineSaysSo(command: String) async throws {
            #expect(
                try await shell("berth kv set b 1 && berth pool create gpu --count 99").status == 0)
            var isDone = false
            // A lock is kept at descriptors from 200 on, where no command looks for them.
            for count in Array(5...24) + [300] {
                let outcome = try await shell("ulimit -n \(count); exec berth \(command)")
                if outcome.status == 0 {
                    isDone = true
                    continue
                }
                // 126 where the command is what there is no descriptor for.
                let isRun = command.hasPrefix("lock") && outcome.status == 126
                #expect(outcome.status == 71 || isRun, "\(count): \(outcome.errors)")
                #expect(outcome.errors.hasPrefix("berth: "))
                #expect(outcome.errors.filter { $0 == "\n" }.count == 1, "\(outcome.errors)")
            }
            #expect(isDone)
            #expect(try await shell("berth store verify -q").status == 0)
        }

        /// A file that may not grow ends a command with one line, not by a signal.
        @Test func aFileThatMayNotGrowIsLikeAFullDisk() async throws {
            #expect(try await shell("berth kv set a 1").status == 0)
            let large = "\"" + String(repeating: "x", count: 60_000) + "\""
            for count in [0, 1, 8, 64] {
                let outcome = try await shell(
                    "ulimit -f \(count); berth kv set a '\(large)'; "
                        + "status=$?; berth kv get a | cut -c1-9; exit $status")
                #expect([0, 74].contains(outcome.status), "\(count): \(outcome.errors)")
                if outcome.status == 74 { #expect(outcome.output == "1\n") }
            }
            #expect(try await shell("berth kv set a 2 && berth store verify -q").status == 0)
        }

        /// A store on a file system that may not be written is read as ever.
        @Test func aReadOnlyStoreIsReadAndNotWritten() async throws {
            #expect(
                try await shell(
                    "berth kv set a 1 && berth lock x -- true && berth pool create gpu b"
                ).status == 0)
            let mount =
                "mount --bind '\(store.path)' '\(store.path)' && "
                + "mount -o remount,bind,ro '\(store.path)'"
            guard try await shell("unshare --mount sh -c \"\(mount)\"").status == 0 else { return }
            for command in [
                "kv get a", "kv list", "locks", "port list", "pool list", "job list",
                "store info", "store verify",
            ] {
                let outcome = try await shell(
                    "unshare --mount sh -c \"\(mount) && exec berth \(command)\"")
                #expect(outcome.status == 0, "\(command): \(outcome.errors)")
            }
            for command in [
                "kv set a 2", "kv delete a", "lock x -- true", "port reserve", "pool take gpu",
                "job add q --payload 1", "store compact",
            ] {
                let outcome = try await shell(
                    "unshare --mount sh -c \"\(mount) && exec berth \(command)\"")
                #expect([74, 77].contains(outcome.status), "\(command): \(outcome.status)")
                #expect(outcome.errors.filter { $0 == "\n" }.count == 1, "\(outcome.errors)")
            }
            #expect(try await shell("berth kv get a").output == "1\n")
        }
    }
}
