// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Berth

@Suite("Names of locks")
struct LockNameTests {
    @Test(arguments: ["a", "db-migrate", "..a", "!~", "A.B:C", String(repeating: "x", count: 255)])
    func printableASCIIIsAName(text: String) throws {
        #expect(try LockName(text).text == text)
    }

    @Test(
        arguments: [
            ("", "empty"), (".", "directories"), ("..", "directories"), ("a b", "space"),
            ("a/b", "'/'"), ("a\"b", "'\"'"), ("a\\b", "'\\'"), ("a\nb", "control"),
            ("a\u{0}", "control"), ("a\u{7F}", "control"), ("é", "ASCII"),
            (String(repeating: "x", count: 256), "256 bytes"),
        ])
    func refusalSaysWhy(text: String, reason: String) {
        let error = #expect(throws: CoordinatorError.self) { try LockName(text) }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains(reason) == true)
    }

    @Test func folderIsReadableAndTellsNamesApart() throws {
        let folder = try LockName("Build:Main").folder
        #expect(folder.hasPrefix("build_main-"))
        #expect(folder.utf8.count == "build_main-".utf8.count + 16)
        #expect(try LockName("build:main").folder != folder)
        let long = String(repeating: "x", count: 255)
        #expect(try LockName(long).folder.utf8.count == 32 + 1 + 16)
        let other = try LockName(String(long.dropLast())).folder
        #expect(try LockName(long).folder != other)
    }

    /// The format is kept: a folder that is found under another name is another lock.
    @Test func folderNeverChanges() throws {
        #expect(try LockName("a").folder == "a-b3c9cc40d31c369d")
    }
}
