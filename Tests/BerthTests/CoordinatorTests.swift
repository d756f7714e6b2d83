// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthTestSupport
import Foundation
import Testing

@Suite("The coordinator")
struct CoordinatorTests {
    private let store: TemporaryStore

    init() throws {
        store = try TemporaryStore()
    }

    private func files() throws -> Set<String> {
        guard FileManager.default.fileExists(atPath: store.path) else { return [] }
        return Set(try FileManager.default.contentsOfDirectory(atPath: store.path))
    }

    @Test func openingAndReadingTouchNothing() throws {
        let berth = try Coordinator.open(at: store.path)
        #expect(berth.path == store.path)
        #expect(try berth.values.list().isEmpty)
        #expect(try berth.ports.list().isEmpty)
        #expect(try files().isEmpty)
    }

    @Test func locksNeedNoJournal() throws {
        let berth = try Coordinator.open(at: store.path)
        try berth.withLock("build") { lock in #expect(lock.token > 0) }
        #expect(try !files().contains("journal"))
    }

    @Test func anExistingStoreKeepsItsDurability() throws {
        try Coordinator.open(at: store.path, durability: .process).create()
        try Coordinator.open(at: store.path, durability: .process).create()
        let error = #expect(throws: CoordinatorError.self) {
            try Coordinator.open(at: store.path, durability: .strict).create()
        }
        #expect(error?.code == .cannotCreate)
        try Coordinator.open(at: store.path, durability: .strict).values.set("1".utf8, forKey: "a")
    }

    @Test func aURLNamesTheSameStore() throws {
        let url = URL(fileURLWithPath: store.path)
        try Coordinator.open(at: url).values.set("1".utf8, forKey: "a")
        #expect(try Coordinator.open(at: store.path).values.value(forKey: "a") != nil)
        let port = try Coordinator.open(at: url).ports.reserve(for: url, tag: "web")
        #expect(port.path == store.path)
        let error = #expect(throws: CoordinatorError.self) {
            try Coordinator.open(at: #require(URL(string: "https://example.org/")))
        }
        #expect(error?.code == .invalid)
    }

    @Test(arguments: ["", "a\0b", String(repeating: "x", count: 4096)])
    func aPathThatNamesNothingIsRefused(path: String) {
        let error = #expect(throws: CoordinatorError.self) { try Coordinator.open(at: path) }
        #expect(error?.code == .invalid)
    }

    @Test func aTransactionIsAllOrNothing() async throws {
        struct Abandoned: Error {}
        let berth = try Coordinator.open(at: store.path)
        try await berth.values.set("1".utf8, forKey: "a")
        await #expect(throws: Abandoned.self) {
            try await berth.transaction { transaction in
                try transaction.setValue("2".utf8, forKey: "a")
                try transaction.setValue("2".utf8, forKey: "b")
                #expect(try transaction.values().map(\.json) == [Array("2".utf8), Array("2".utf8)])
                throw Abandoned()
            }
        }
        #expect(try await berth.values.list().map(\.json) == [Array("1".utf8)])
        let versions = try await berth.transaction { transaction in
            [
                try transaction.setValue("3".utf8, forKey: "a"),
                try transaction.setValue("3".utf8, forKey: "b"),
            ]
        }
        #expect(Set(versions).count == 1)
        #expect(try await berth.values.list().map(\.version) == versions)
    }

    @Test func valuesOfOnesOwnTypesGoInAndOut() throws {
        struct Month: Codable, Equatable {
            var year: Int
            var month: Int
        }
        let values = try Coordinator.open(at: store.path).values
        let may = Month(year: 2020, month: 5)
        try values.set(try KeyValue.json(may), forKey: "m")
        let kept = try #require(try values.value(forKey: "m"))
        #expect(kept.json == Array("{\"month\":5,\"year\":2020}".utf8))
        #expect(try kept.decoded(as: Month.self) == may)
    }

    @Test func aTransactionInATransactionTraps() async {
        await #expect(processExitsWith: .failure) { [path = store.path as String] in
            let berth = try Coordinator.open(at: path)
            try await berth.transaction { _ in try berth.transaction { _ in } }
        }
    }
}
