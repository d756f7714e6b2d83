// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

@testable import BerthStore

/// What somebody puts under the names of a store's files is refused, or does no
/// harm: nothing is written through it, nothing waits for it, and what it leads
/// to stays as it is.
@Suite struct HostilePathTests {
    enum Trick: CaseIterable {
        case link, danglingLink, secondName, fifo, directory, anothersFile
    }

    /// The names that are opened, made anew, or written beside the others.
    private static let names = [
        "lock", "journal", "hint", "journal.new", "run-1.jsonl", "run-99.jsonl",
        "merge-small.lock", "merge-large.lock", "history",
    ]

    @Test(arguments: names, Trick.allCases)
    func aPlantedFileIsRefusedOrHarmless(name: String, trick: Trick) throws {
        if trick == .anothersFile && CurrentProcess.effectiveUser != 0 { return }
        let disk = try StoreOnDisk()
        let victim = try Victim(in: disk.place.directory)
        let path = disk.path(name == "run-99.jsonl" ? try nextRun(disk) : name)
        let own = disk.exists(path) ? disk.place.directory + "/own" : nil
        if let own { try FileManager.default.moveItem(atPath: path, toPath: own) }
        try plant(trick, at: path, victim)

        let store = disk.store
        let outcomes = [
            outcome { _ = try store.allRecords() },
            outcome { try change(store, 80) },
            outcome { try store.compact() },
            outcome { _ = try store.backUp(to: disk.copy) },
        ]
        try victim.check()
        if let own {
            // Whatever was refused was left as it was.
            try? FileManager.default.removeItem(atPath: path)
            if !disk.exists(path) { try FileManager.default.moveItem(atPath: own, toPath: path) }
        }
        if ["lock", "journal"].contains(name) { #expect(outcomes[1] != nil) }
        for code in outcomes.compactMap({ $0 }) {
            #expect([.permission, .damaged, .inputOutput, .moved].contains(code), "\(code)")
        }
    }

    /// The name is flipped between the file and a link while the store is used.
    @Test(arguments: ["lock", "journal", "hint"])
    func aLinkThatComesAndGoesIsNeverFollowed(name: String) throws {
        let disk = try StoreOnDisk()
        let victim = try Victim(in: disk.place.directory)
        let path = disk.path(name)
        let (away, link) = (disk.place.directory + "/away", disk.place.directory + "/link")
        let flips = 400
        var done = 0
        var refusals = 0
        while done < flips {
            try FileManager.default.createSymbolicLink(
                atPath: link, withDestinationPath: victim.path)
            #expect(rename(path, away) == 0 && rename(link, path) == 0)
            let store = disk.store
            if outcome({ try change(store, 1) }) != nil { refusals += 1 }
            #expect(rename(away, path) == 0)
            _ = outcome { try change(store, 1) }
            done += 1
        }
        try victim.check()
        #expect(refusals == flips)
        #expect(try disk.store.verify().isSound)
        #expect(outcome { try change(disk.store, 1) } == nil)
    }

    /// Enough changes to begin journals and merge runs.
    private func change(_ store: Store, _ count: Int) throws {
        for number in 0..<count {
            try store.write("change", until: Deadline(after: .seconds(5))) { transaction in
                let value = "\"" + String(repeating: "x", count: 200) + "\""
                try transaction.set(RecordKey("new/" + String(number)), Array(value.utf8))
            }
        }
    }

    private func nextRun(_ disk: StoreOnDisk) throws -> String {
        let journal = String(decoding: try disk.bytes("journal"), as: UTF8.self)
        let next = try #require(journal.firstMatch(of: /"next_run":([0-9]+)/))
        return "run-\(next.1).jsonl"
    }

    private func plant(_ trick: Trick, at path: String, _ victim: Victim) throws {
        let files = FileManager.default
        switch trick {
        case .link:
            try files.createSymbolicLink(atPath: path, withDestinationPath: victim.path)
        case .danglingLink:
            try files.createSymbolicLink(
                atPath: path, withDestinationPath: victim.path + ".nonesuch")
        case .secondName:
            try files.linkItem(atPath: victim.path, toPath: path)
        case .fifo:
            #expect(mkfifo(path, 0o600) == 0)
        case .directory:
            try files.createDirectory(atPath: path, withIntermediateDirectories: false)
        case .anothersFile:
            try Data("x".utf8).write(to: URL(fileURLWithPath: path))
            #expect(chown(path, 65_534, 65_534) == 0)
        }
    }

    private func outcome(_ body: () throws -> Void) -> StoreError.Code? {
        do {
            try body()
            return nil
        } catch let error as StoreError {
            return error.code
        } catch {
            Issue.record("\(error)")
            return nil
        }
    }

    /// A file that must stay as it is.
    private struct Victim {
        let path: String
        private let content = Data("precious\n".utf8)

        init(in directory: String) throws {
            path = directory + "/victim"
            try content.write(to: URL(fileURLWithPath: path))
        }

        func check() throws {
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == content)
            #expect(!FileManager.default.fileExists(atPath: path + ".nonesuch"))
        }
    }
}
