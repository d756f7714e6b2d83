// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore
import BerthTestSupport
import Foundation
import Testing

extension ProcessTests {
    @Suite("Bells and presence, between processes")
    struct BellProcessTests {
        private let store: TemporaryStore

        init() throws {
            store = try TemporaryStore()
        }

        private func start(_ words: String) throws -> BerthProcess {
            try BerthProcess.startShell("exec berth-test-worker " + words, store: store)
        }

        private func files(_ folder: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: store.path + "/" + folder)
        }

        @Test func aSleeperWakesForWhatATransactionBrings() async throws {
            let sleeper = try start("sleep a")
            let other = try start("sleep b")
            #expect(await sleeper.hasPrinted("asleep"))
            #expect(await other.hasPrinted("asleep"))
            let berth = try Coordinator.open(at: store.path)
            try await berth.transaction { transaction in
                try transaction.setValue(Array("1".utf8), forKey: "a")
                transaction.ring(Interest("test", "a"))
            }
            #expect(await sleeper.outcome().output == "asleep\nfound 1\n")
            #expect(try files("bells").count == 1)
            // The bell of one who was killed is removed by the next who rings.
            other.send(SIGKILL)
            _ = await other.exitStatus()
            try await berth.transaction { $0.ring(Interest("test", "b")) }
            #expect(try files("bells").isEmpty)
        }

        @Test func everyDeathIsNoticedByOneNeighbour() async throws {
            var processes: [String: BerthProcess] = [:]
            for _ in 0..<4 {
                let process = try start("present")
                #expect(await process.hasPrinted("present "))
                let known = Set(processes.keys)
                let member = try files("holders").first { !$0.contains(".") && !known.contains($0) }
                processes[try #require(member)] = process
            }
            while processes.count > 1 {
                let members = processes.keys.sorted()
                let place = processes.count / 2
                let dead = members[place]
                let heir = members[(place + 1) % members.count]
                processes.removeValue(forKey: dead)?.send(SIGKILL)
                #expect(await processes[heir]?.hasPrinted("dead " + dead) == true)
            }
            let last = try #require(processes.first)
            last.value.send(SIGKILL)
            _ = await last.value.exitStatus()
            // Nobody is left to notice; the next who comes in does.
            let newcomer = try start("present")
            #expect(await newcomer.hasPrinted("dead " + last.key))
            #expect(await newcomer.hasPrinted("present "))
            #expect(try files("holders").count == 2)
        }
    }
}
