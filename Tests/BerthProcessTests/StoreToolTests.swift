// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

extension ProcessTests {
    @Suite("The tools of a store")
    struct StoreToolTests {
        private let store: TemporaryStore

        init() throws {
            store = try TemporaryStore()
        }

        private var copy: String { store.directory + "/copy" }

        private func berth(
            _ words: [String], at path: String? = nil, input: String = ""
        ) async throws -> BerthProcess.Outcome {
            try await BerthProcess.run(
                words, store: store, environment: path.map { ["BERTH_STORE": $0] } ?? [:],
                input: input)
        }

        private func fill(_ count: Int) async throws {
            let script = "for n in $(seq \(count)); do berth kv set key$n $n || exit 1; done"
            #expect(try await BerthProcess.startShell(script, store: store).exitStatus() == 0)
        }

        private func contents() throws -> [String: Data] {
            var contents: [String: Data] = [:]
            for name in try FileManager.default.subpathsOfDirectory(atPath: store.path) {
                contents[name] = try? Data(
                    contentsOf: URL(fileURLWithPath: store.path + "/" + name))
            }
            return contents
        }

        private func damage(_ name: String, at offset: UInt64) throws {
            let file = try FileHandle(
                forUpdating: URL(fileURLWithPath: store.path + "/" + name))
            try file.seek(toOffset: offset)
            let byte = try #require(try file.read(upToCount: 1)?.first)
            try file.seek(toOffset: offset)
            try file.write(contentsOf: Data([byte ^ 1]))
            try file.close()
        }

        /// Each writer writes 0, 1, 2 … to a key of its own, and tells when it
        /// has begun. A state in between is one number of each.
        @Test func aBackupWhileFourWriteHoldsOneMoment() async throws {
            #expect(try await berth(["store", "init"]).status == 0)
            let script = """
                n=0; while [ ! -e "$HOME/stop" ]; do
                berth kv set writer$0 $n || exit 1
                [ $n = 0 ] && echo begun; n=$((n + 1)); done; echo last $n
                """
            let writers = try (0..<4).map { number in
                try BerthProcess.startShell(
                    script.replacing("$0", with: String(number)), store: store)
            }
            for writer in writers { #expect(await writer.hasPrinted("begun")) }
            for number in 0..<5 {
                let place = copy + String(number)
                let outcome = try await berth(["store", "backup", place])
                #expect(outcome.status == 0)
                #expect(outcome.output == place + "\n")
                #expect(outcome.errors.isEmpty)
                #expect(try await berth(["store", "verify"], at: place).status == 0)
                let versions = try await versions(at: place)
                let info = try await berth(["store", "info", "--json"], at: place).output
                let last = try #require(versions.map(\.version).max())
                #expect(info.contains("\"transactions\":\(last),"))
                #expect(versions.count == 4)
                // Every transaction up to the last one writes one number more.
                #expect(versions.reduce(0) { $0 + $1.value + 1 } == last)
            }
            try Data().write(to: URL(fileURLWithPath: store.directory + "/stop"))
            for writer in writers { #expect(await writer.exitStatus() == 0) }
        }

        private struct Line: Decodable {
            let version: Int
            let value: Int
        }

        private func versions(at path: String) async throws -> [Line] {
            let dump = try await berth(["store", "dump"], at: path)
            #expect(dump.status == 0)
            return try dump.output.split(separator: "\n").map {
                try JSONDecoder().decode(Line.self, from: Data($0.utf8))
            }
        }

        @Test func aDumpIsRestoredElsewhere() async throws {
            try await fill(30)
            let dump = try await berth(["store", "dump"])
            #expect(dump.output.split(separator: "\n").count == 30)
            let restored = try await berth(
                ["store", "restore", "-", "--json"], at: copy, input: dump.output)
            #expect(restored.status == 0)
            #expect(restored.output == "{\"records\":30}\n")
            #expect(try await berth(["store", "dump"], at: copy).output == dump.output)
            #expect(try await berth(["store", "restore", "-"], at: copy).status == 73)
        }

        @Test func damageIsNamedAndSalvaged() async throws {
            try await fill(30)
            #expect(try await berth(["store", "compact"]).status == 0)
            try damage("run-2.jsonl", at: 60)
            let before = try contents()
            let verified = try await berth(["store", "verify"])
            #expect(verified.status == 65)
            #expect(verified.errors.contains("run-2.jsonl, byte 57, record 2: "))
            #expect(try await berth(["store", "backup", copy]).status == 65)
            let salvaged = try await berth(["store", "salvage", copy])
            #expect(salvaged.status == 0)
            #expect(salvaged.output == copy + "\n")
            #expect(salvaged.errors.contains("dropped run-2.jsonl, byte 57, record 2: "))
            #expect(try contents() == before)
            #expect(try await berth(["store", "verify"], at: copy).status == 0)
            let dump = try await berth(["store", "dump"], at: copy).output
            #expect(dump.split(separator: "\n").count == 29)
        }

        @Test func aHealthyStoreIsHealthy() async throws {
            try await fill(1)
            #expect(try await berth(["lock", "a", "true"]).status == 0)
            let outcome = try await berth(["store", "doctor"])
            #expect(outcome.status == 0, "\(outcome.output)")
            #expect(outcome.output.contains("it holds between two processes"))
            #expect(outcome.errors.isEmpty)
            #expect(!(try contents().keys.contains { $0.hasPrefix("doctor") }))
        }

        @Test func whatIsWrongIsFoundWithWhatToDo() async throws {
            try await fill(1)
            let holder = try BerthProcess.startShell(
                "exec berth lock --close stale -- sh -c 'echo held; exec sleep 100'", store: store)
            #expect(await holder.hasPrinted("held"))
            let ticket = try #require(
                try FileManager.default.subpathsOfDirectory(atPath: store.path + "/locks")
                    .first { $0.hasSuffix(".x") })
            holder.send(SIGKILL)
            _ = await holder.exitStatus()
            #expect(FileManager.default.fileExists(atPath: store.path + "/locks/" + ticket))
            for name in ["run-77.jsonl", "journal.new", "stranger"] {
                try Data().write(to: URL(fileURLWithPath: store.path + "/" + name))
            }
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o644], ofItemAtPath: store.path + "/hint")
            let outcome = try await berth(["store", "doctor"])
            #expect(outcome.status == 1)
            for text in [
                "berth lock stale true", "run-77.jsonl is what a crash has left",
                "journal.new is what a crash has left", "stranger is not of Berth",
                "chmod 600 " + store.path + "/hint",
            ] {
                #expect(outcome.output.contains(text), "\(outcome.output)")
            }
            let json = try await berth(["store", "doctor", "--json"])
            #expect(json.status == 1)
            #expect(json.output.contains("\"healthy\":false"))
        }

        @Test(arguments: [
            "info", "verify", "dump", "compact", "doctor", "backup copy", "salvage copy",
            "restore /nonesuch",
        ])
        func withoutAStoreOneLineSaysSo(words: String) async throws {
            try await isRefused(words, status: 66)
        }

        @Test(arguments: ["backup", "salvage", "restore", "verify x", "info x", "dump x"])
        func aWordTooFewOrTooManyIsStatus64(words: String) async throws {
            try await isRefused(words, status: 64)
        }

        private func isRefused(_ words: String, status: Int32) async throws {
            let outcome = try await berth(
                ["store"] + words.split(separator: " ").map { String($0) })
            #expect(outcome.status == status)
            #expect(outcome.output.isEmpty)
            #expect(outcome.errors.split(separator: "\n").count == 1)
            #expect(!FileManager.default.fileExists(atPath: store.path))
        }

        @Test(arguments: ["backup", "salvage"])
        func aCopyThatCannotBeMadeIsOneLine(verb: String) async throws {
            try await fill(2)
            let before = try contents()
            try Data("x".utf8).write(to: URL(fileURLWithPath: copy))
            let cases: [(String, Int32)] = [
                (copy, 73), (copy + "/below", 73), (store.directory + "/no/such", 73),
                (store.path, 73), ("/proc/x", 73), (store.path + "/in", 64),
                (store.directory + "/" + String(repeating: "x", count: 256), 73),
            ]
            for (place, status) in cases {
                let outcome = try await berth(["store", verb, place])
                #expect(outcome.status == status, "\(place): \(outcome.errors)")
                #expect(outcome.output.isEmpty)
                #expect(outcome.errors.split(separator: "\n").count == 1)
            }
            #expect(try contents() == before)
            #expect(try Data(contentsOf: URL(fileURLWithPath: copy)) == Data("x".utf8))
            let left = try FileManager.default.contentsOfDirectory(atPath: store.directory)
            #expect(Set(left) == ["store", "copy"])
        }

        /// A limit on the size of files stands for a disk that is full.
        @Test func aBackupThatFindsNoRoomLeavesNothing() async throws {
            let long = String(repeating: "x", count: 60_000)
            #expect(try await berth(["kv", "set", "a", "--raw", "-"], input: long).status == 0)
            let before = try contents()
            let outcome = try await BerthProcess.startShell(
                "ulimit -f 20; berth store backup \(copy)", store: store
            ).outcome()
            #expect(outcome.status == 74)
            #expect(outcome.errors.split(separator: "\n").count == 1)
            #expect(!FileManager.default.fileExists(atPath: copy))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: store.directory) == ["store"])
            #expect(try contents() == before)
        }
    }
}
