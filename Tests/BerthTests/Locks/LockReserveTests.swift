// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Foundation
import Testing

@testable import Berth

@Suite("Room that is kept for locks")
struct LockReserveTests {
    private let store: TemporaryStore
    private let berth: Coordinator
    private let reserve: String

    init() throws {
        store = try TemporaryStore()
        berth = try Coordinator.open(at: store.path)
        reserve = store.path + "/locks/reserve"
    }

    private func size() throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: reserve)[.size] as? Int
    }

    /// Lets go of a part of it; returns whether there was one.
    private func give() throws -> Bool {
        let locks = try FileCalls.openDirectory(store.path + "/locks")
        defer { FileCalls.close(locks) }
        return LockReserve.give(locks)
    }

    @Test func firstUseOfALockFillsIt() throws {
        try berth.withLock("a") { _ in }
        #expect(try size() == 65536)
        #expect(try give())
        #expect(try size() == 57344)
        try berth.withLock("a") { _ in }
        #expect(try size() == 57344)
        try berth.withLock("b") { _ in }
        #expect(try size() == 65536)
    }

    @Test func itGivesUntilNothingIsLeft() throws {
        try berth.withLock("a") { _ in }
        var count = 0
        while try give() { count += 1 }
        #expect(count == 8)
        #expect(try size() == 0)
        try FileManager.default.removeItem(atPath: reserve)
        #expect(try !give())
        try berth.withLock("a") { _ in }
    }

    @Test func whatHasItsNameIsLeftAlone() throws {
        try berth.withLock("a") { _ in }
        try FileManager.default.removeItem(atPath: reserve)
        let victim = store.directory + "/victim"
        try Data("victim".utf8).write(to: URL(fileURLWithPath: victim))
        try FileManager.default.createSymbolicLink(
            atPath: reserve, withDestinationPath: victim)
        #expect(try !give())
        try berth.withLock("b") { _ in }
        #expect(try String(contentsOfFile: victim, encoding: .utf8) == "victim")
        #expect(try berth.locks.listings().map(\.name.text) == ["a", "b"])
    }

    @Test func callThatFindsNoRoomIsMadeAgainForAsLongAsThereIsSome() throws {
        try berth.withLock("a") { _ in }
        let folder = try #require(
            try LockFolder.open(try LockName("a"), in: store.path, creating: false))
        var attempts = 0
        let error = #expect(throws: CoordinatorError.self) {
            try folder.calling("cannot test") { () throws(SystemError) in
                attempts += 1
                throw SystemError("write", .noSpace)
            }
        }
        #expect(error?.code == .noRoom)
        #expect(attempts == 9)
    }
}
