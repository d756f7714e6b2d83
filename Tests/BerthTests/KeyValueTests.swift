// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Testing

@testable import Berth

@Suite("Values")
struct KeyValueTests {
    private let store: TemporaryStore
    private let values: Values

    init() throws {
        store = try TemporaryStore()
        values = try Coordinator.open(at: store.path, durability: .process).values
    }

    private func code(_ body: () throws -> Void) -> CoordinatorError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? CoordinatorError)?.code
        }
    }

    @Test func aValueIsKeptWithoutItsWhiteSpace() throws {
        try values.set(" { \"a\" : [ 1 , 2 ] }\n".utf8, forKey: "x")
        #expect(try values.value(forKey: "x")?.json == Array("{\"a\":[1,2]}".utf8))
        #expect(try values.value(forKey: "y") == nil)
    }

    @Test func versionsOnlyGrow() throws {
        let first = try values.set("1".utf8, forKey: "x")
        try values.delete("x")
        let second = try values.set("1".utf8, forKey: "x")
        #expect(second > first)
        #expect(try values.value(forKey: "x")?.version == second)
    }

    @Test func conditionsAreCheckedInTheSameStep() throws {
        let version = try values.set("1".utf8, forKey: "x", if: .absent)
        #expect(code { try values.set("2".utf8, forKey: "x", if: .absent) } == .unavailable)
        #expect(
            code { try values.set("2".utf8, forKey: "x", if: .version(version + 1)) }
                == .unavailable)
        #expect(
            code { try values.set("2".utf8, forKey: "y", if: .version(version)) } == .unavailable)
        #expect(code { try values.delete("x", if: .version(version + 1)) } == .unavailable)
        #expect(code { try values.delete("y", if: .version(1)) } == .notFound)
        #expect(try values.value(forKey: "x")?.json == Array("1".utf8))
        let next = try values.set("2".utf8, forKey: "x", if: .version(version))
        try values.delete("x", if: .version(next))
        #expect(try values.list().isEmpty)
    }

    @Test func aPrefixIsOneOfText() throws {
        for key in ["b", "a/2", "a/1", "ab", "a"] { try values.set("0".utf8, forKey: key) }
        #expect(try values.list().map(\.key) == ["a", "a/1", "a/2", "ab", "b"])
        #expect(try values.list(prefix: "a/").map(\.key) == ["a/1", "a/2"])
        #expect(try values.list(prefix: "a").map(\.key) == ["a", "a/1", "a/2", "ab"])
        #expect(try values.list(prefix: "zz").isEmpty)
    }

    @Test func asynchronousTwinsDoTheSame() async throws {
        let version = try await values.set("1".utf8, forKey: "x")
        #expect(try await values.value(forKey: "x")?.version == version)
        #expect(try await values.list().map(\.version) == [version])
        #expect(try await values.delete("x") == version)
    }

    @Test func anUpdateIsGivenTheValueAndWritesTheNext() throws {
        try values.update("x") { current in
            #expect(current == nil)
            return "1".utf8
        }
        let version = try values.update("x") { current in
            #expect(current?.json == Array("1".utf8))
            return "2".utf8
        }
        #expect(try values.value(forKey: "x")?.version == version)
        // A change beside the updates is noticed, and stands.
        let problem = code {
            try values.update("x") { _ in
                try values.set("9".utf8, forKey: "x")
                return "3".utf8
            }
        }
        #expect(problem == .unavailable)
        #expect(try values.value(forKey: "x")?.json == Array("9".utf8))
    }

    @Test func eachKeyHasALockOfItsOwn() throws {
        let long = String(repeating: "k", count: 254)
        let keys = ["a", "a/b", "a:b", "b", long + "x", long + "y"]
        let locks = try keys.map { try KeyRule.lock($0).text }
        #expect(Set(locks).count == keys.count)
        #expect(locks[0] == "kv:a")
    }

    @Test(arguments: [
        "a", "a/b", "a.b", "..a", "...", "~!@#$%^&*()", "a//b".replacing("//", with: "/"),
    ])
    func keysThatAreValid(key: String) {
        #expect(KeyRule.problem(with: key) == nil)
    }
}
