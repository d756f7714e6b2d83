// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

@testable import Berth

@Suite("What git tells of a directory")
struct GitRepositoryTests {
    private let store: TemporaryStore

    init() throws {
        store = try TemporaryStore()
    }

    private func write(_ text: String, _ name: String) throws {
        let url = URL(fileURLWithPath: store.directory + "/" + name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    private func look(_ name: String) -> GitRepository? {
        GitRepository(containing: store.directory + "/" + name)
    }

    @Test func aRepositoryTellsItsDirectoryAndBranch() throws {
        try write("ref: refs/heads/feature/cart\n", "shop/.git/HEAD")
        for place in ["shop", "shop/a/b", "shop/.git"] {
            #expect(look(place)?.project == "shop")
            #expect(look(place)?.task == "feature/cart")
        }
    }

    @Test func aDetachedHeadTellsNoTask() throws {
        try write(String(repeating: "a", count: 40) + "\n", "shop/.git/HEAD")
        #expect(look("shop")?.project == "shop" && look("shop")?.task == nil)
    }

    @Test(arguments: ["../../shop/.git/worktrees/cart", "ABSOLUTE"])
    func aWorktreeTellsTheRepositoryAndItsOwnName(target: String) throws {
        try write("ref: refs/heads/main\n", "shop/.git/HEAD")
        try write("ref: refs/heads/other\n", "shop/.git/worktrees/cart/HEAD")
        try write("../..\n", "shop/.git/worktrees/cart/commondir")
        let path = target == "ABSOLUTE" ? store.directory + "/shop/.git/worktrees/cart" : target
        try write("gitdir: " + path + "\n", "trees/cart-2/.git")
        #expect(look("trees/cart-2/src")?.project == "shop")
        #expect(look("trees/cart-2/src")?.task == "cart-2")
    }

    @Test func aWorktreeOfABareRepositoryTellsThatOne() throws {
        try write("../..\n", "shop.git/worktrees/cart/commondir")
        try write("gitdir: ../shop.git/worktrees/cart\n", "cart/.git")
        #expect(look("cart")?.project == "shop" && look("cart")?.task == "cart")
    }

    @Test func aSubmoduleTellsItselfAndItsBranch() throws {
        try write("ref: refs/heads/main\n", "shop/.git/modules/lib/HEAD")
        try write("gitdir: ../.git/modules/lib\n", "shop/lib/.git")
        #expect(look("shop/lib")?.project == "lib" && look("shop/lib")?.task == "main")
    }

    @Test(arguments: ["", "gitdir:", "nonsense", "\u{0}", "gitdir: /nowhere/at/all"])
    func whatIsNotAsExpectedTellsNothing(text: String) throws {
        try write(text, "odd/.git")
        #expect(look("odd")?.task == nil)
    }

    @Test func aHostileBranchTellsNothing() throws {
        try write("ref: refs/heads/a\u{1B}[2J\n", "shop/.git/HEAD")
        #expect(look("shop")?.task == nil)
        try write("ref: refs/heads/" + String(repeating: "x", count: 300), "shop/.git/HEAD")
        #expect(look("shop")?.task == nil)
        try write(String(repeating: "x", count: 100_000), "shop/.git/HEAD")
        #expect(look("shop")?.project == "shop" && look("shop")?.task == nil)
    }

    @Test func aNewReservationIsLabelled() throws {
        try write("ref: refs/heads/main\n", "shop/.git/HEAD")
        let bench = try PortBench()
        let path = store.directory + "/shop"
        let reservation = try bench.reserve(path)
        #expect(reservation.project == "shop" && reservation.task == "main")
        try write("ref: refs/heads/other\n", "shop/.git/HEAD")
        #expect(try bench.reserve(path).task == "main")
        #expect(try bench.reserve(path, tag: "x") { $0.task = .cleared }.task == nil)
    }
}
