// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

extension TemporaryStore {
    /// The folder of a lock that has been used.
    func folder(ofLock name: String) throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: path + "/locks")
        return path + "/locks/" + (try #require(names.first { $0.hasPrefix(name + "-") }))
    }
}

/// A store, and the processes that use its locks.
struct LockScene {
    let store: TemporaryStore

    init() throws {
        store = try TemporaryStore()
    }

    func run(_ words: String...) async throws -> BerthProcess.Outcome {
        try await BerthProcess.run(words, store: store)
    }

    func shell(_ script: String) async throws -> BerthProcess.Outcome {
        try await BerthProcess.startShell(script, store: store).outcome()
    }

    /// A command that runs under a lock until it is ended.
    func hold(_ words: [String] = ["lock", "a"]) async throws -> BerthProcess {
        let process = try BerthProcess.start(
            words + ["sh", "-c", "echo in; exec tail -f /dev/null"], store: store)
        #expect(await process.hasPrinted("in"))
        return process
    }

    /// A command that waits for a lock, and prints a line when it has it.
    func startWaiter(
        _ words: [String] = ["lock", "a"], says line: String = "got it"
    ) async throws -> BerthProcess {
        let waiter = try BerthProcess.start(["-v"] + words + ["echo", line], store: store)
        #expect(await waiter.hasComplained("waiting for the lock"))
        return waiter
    }

    func listing(_ name: String = "a") async throws -> [String: Any] {
        let output = try await run("locks", name, "--json").output
        let object = try JSONSerialization.jsonObject(with: Data(output.utf8))
        return try #require(object as? [String: Any])
    }

    func tokens(_ member: String, of name: String = "a") async throws -> [Int] {
        let entries = try await listing(name)[member] as? [[String: Any]] ?? []
        return entries.compactMap { $0["token"] as? Int }
    }

    /// The folder of the lock `a`.
    func folder() throws -> String {
        try store.folder(ofLock: "a")
    }
}
