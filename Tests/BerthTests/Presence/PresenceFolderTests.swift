// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Foundation
import Testing

@testable import Berth

@Suite("What the dead leave among the present")
struct PresenceFolderTests {
    private let store: TemporaryStore

    init() throws {
        store = try TemporaryStore()
    }

    private var folder: String { store.path + "/holders/" }

    private func names() throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: folder))
    }

    private func make(_ name: String) {
        #expect(FileManager.default.createFile(atPath: folder + name, contents: nil))
    }

    @Test func whatNobodyStandsBehindGoesWhenSomebodyComesIn() throws {
        let living = try Presence(in: store.path)
        let own = try names()
        let (dead, gone) = ("00000000000000aa", "00000000000000bb")
        // An attempt of a living member, before it is locked; one of a command
        // that outlives its worker; what is none of ours.
        let kept = [dead, living.member + ".1-5", gone + ".7-9", "notes.txt", gone + "x.1-2"]
        for name in kept { make(name) }
        let attempt = FileHandle(forUpdatingAtPath: folder + gone + ".7-9")
        let file = try #require(attempt)
        #expect(flock(file.fileDescriptor, LOCK_EX) == 0)
        for name in [dead + ".1-5", gone + ".2-6", gone + ".bell", gone + ".new"] { make(name) }
        do {
            let newcomer = try Presence(in: store.path)
            let its = [newcomer.member, newcomer.member + ".bell"]
            #expect(try names().subtracting([gone + ".bell"]) == own.union(kept).union(its))
            // Its newborn went after it was looked at.
            _ = try Presence(in: store.path)
            #expect(try names() == own.union(kept).union(its))
        }
        try file.close()
        _ = try Presence(in: store.path)
        #expect(try !names().contains(gone + ".7-9"))
        #expect(try names().contains(living.member))
    }
}
