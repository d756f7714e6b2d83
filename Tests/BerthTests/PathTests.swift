// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

@testable import Berth

@Suite("Paths")
struct PathTests {
    @Test(arguments: [
        ("/", "/"), ("/a/b", "/a/b"), ("a", "/w/d/a"), (".", "/w/d"), ("..", "/w"),
        ("../../../..", "/"), ("/a//b/./c/", "/a/b/c"), ("/a/../b", "/b"), ("./x/../y", "/w/d/y"),
        ("/a b/ü", "/a b/ü"), ("...", "/w/d/..."),
    ])
    func areNormalizedAsText(path: String, normalized: String) {
        #expect(AbsolutePath.normalized(path, from: "/w/d") == normalized)
    }

    @Test(
        arguments: [
            ("/s", ["BERTH_STORE": "/b"], "/s"),
            ("s", [:], "/w/s"),
            (nil, ["BERTH_STORE": "/b", "XDG_STATE_HOME": "/x", "HOME": "/h"], "/b"),
            (nil, ["BERTH_STORE": "b", "HOME": "/h"], "/w/b"),
            (nil, ["BERTH_STORE": "", "XDG_STATE_HOME": "/x", "HOME": "/h"], "/x/berth"),
            (nil, ["XDG_STATE_HOME": "x", "HOME": "/h"], "/h/.local/state/berth"),
            (nil, ["HOME": "/h"], "/h/.local/state/berth"),
        ] as [(String?, [String: String], String)])
    func theFirstPlaceThatIsGivenCounts(
        choice: String?, variables: [String: String], path: String
    ) throws {
        let found = try StoreLocation.path(
            choice, variable: { variables[$0].map { Array($0.utf8) } },
            workingDirectory: { () throws(CoordinatorError) in "/w" })
        #expect(found == path)
    }

    @Test(arguments: [[:], ["HOME": ""], ["HOME": "relative"]])
    func withoutAPlaceTheLineToUseIsGiven(variables: [String: String]) {
        let error = #expect(throws: CoordinatorError.self) {
            try StoreLocation.path(
                nil, variable: { variables[$0].map { Array($0.utf8) } },
                workingDirectory: { () throws(CoordinatorError) in "/w" })
        }
        #expect(error?.code == .cannotCreate)
        #expect(error?.message.hasSuffix("BERTH_STORE=/w/.berth") == true)
    }

    @Test(arguments: [
        ("/a/b", "/a", true, true), ("/a", "/a/b", true, false), ("/a", "/a", true, false),
        ("/ab", "/a", false, false), ("/a/bc", "/a/b", false, false), ("/a", "/", true, true),
        ("/", "/", true, false), ("/x/y", "/x/z", false, false),
    ])
    func relationsAreToldByWholeComponents(
        path: String, other: String, isRelated: Bool, isInside: Bool
    ) {
        #expect(AbsolutePath.areRelated(path, other) == isRelated)
        #expect(AbsolutePath.areRelated(other, path) == isRelated)
        #expect(AbsolutePath.isInside(path, other) == isInside)
    }

    @Test(arguments: [("/a/b", "/a", "b"), ("/a", "/", "a"), ("/", nil, "")])
    func aPathHasAParentAndALastPart(path: String, parent: String?, last: String) {
        #expect(AbsolutePath.parent(path) == parent)
        #expect(AbsolutePath.lastComponent(path) == last)
    }

    @Test func aLinkIsRelatedToWhereItLeads() throws {
        let store = try TemporaryStore()
        let target = try store.makeDirectory("target/inner")
        let link = store.directory + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "target")
        try AbsolutePath.check(link, isRelatedTo: target)
        #expect(throws: CoordinatorError.self) {
            try AbsolutePath.check(store.directory + "/other", isRelatedTo: target)
        }
    }
}
