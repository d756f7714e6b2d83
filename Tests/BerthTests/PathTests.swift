// SPDX-License-Identifier: Apache-2.0

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
}
