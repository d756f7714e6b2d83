// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

@Suite("Processes that race for a lock", .serialized)
struct LockRaceTests {
    @Test func fiftyScriptsCountToFifty() async throws {
        let store = try TemporaryStore()
        let counter = store.directory + "/counter"
        try Data("0".utf8).write(to: URL(fileURLWithPath: counter))
        let script = """
            value=$(cat \(counter)); echo $BERTH_TOKEN >> \(counter).tokens
            echo $((value + 1)) > \(counter)
            """
        try await withThrowingTaskGroup(of: Int32.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await BerthProcess.run(
                        ["lock", "log", "--", "sh", "-c", script], store: store
                    ).status
                }
            }
            for try await status in group { #expect(status == 0) }
        }
        let count = try String(contentsOfFile: counter, encoding: .utf8)
        #expect(count == "50\n")
        let tokens = try String(contentsOfFile: counter + ".tokens", encoding: .utf8)
            .split(separator: "\n").compactMap { Int($0) }
        #expect(tokens.count == 50)
        #expect(tokens == tokens.sorted())
        #expect(Set(tokens).count == 50)
    }

    /// Any of them may be killed at any moment: the rest go on, and nothing
    /// stays held.
    @Test func contendersThatAreKilledHoldNothingUp() async throws {
        let store = try TemporaryStore()
        try await withThrowingTaskGroup(of: Int32.self) { group in
            for number in 0..<40 {
                group.addTask {
                    let process = try BerthProcess.start(["lock", "a", "true"], store: store)
                    if number % 2 == 0 { process.send(SIGKILL) }
                    return await process.exitStatus()
                }
            }
            for try await status in group { #expect(status == 0 || status == 128 + SIGKILL) }
        }
        let last = try await BerthProcess.run(["lock", "-w", "10", "a", "true"], store: store)
        #expect(last.status == 0)
        #expect(try await BerthProcess.run(["locks", "a"], store: store).status == 1)
        // Nor is anything left of them: no ticket, bell or half-made file.
        let folder = try store.folder(ofLock: "a")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["gate"])
    }
}
