// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A directory of its own for one test, with room for a store in it. It is
/// removed when the last reference goes; the default store is never touched.
public final class TemporaryStore: Sendable {
    /// The directory, which exists and is empty.
    public let directory: String

    /// Where the store is to be: a path in the directory, which does not exist yet.
    public var path: String { directory + "/store" }

    public init() throws {
        // The real path: where /tmp is a link, a path that goes through it would
        // not compare equal to one that a process reports of itself.
        let parent = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
        directory = parent + "/berth-test-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700])
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Makes a directory inside, and returns its path.
    public func makeDirectory(_ name: String) throws -> String {
        let path = directory + "/" + name
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        return path
    }
}
