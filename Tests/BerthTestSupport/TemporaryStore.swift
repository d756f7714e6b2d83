// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A directory of its own for one test, with room for a store in it. When the
/// last reference goes it is removed, and with it every process that the test
/// has started and all that those have started; the default store is never
/// touched.
public final class TemporaryStore: Sendable {
    /// The directory, which exists and is empty.
    public let directory: String

    /// A process that was started with it, the leader of a group.
    private struct Leader {
        let process: pid_t
        /// Whether it has ended, and its number may be another's.
        let hasEnded: @Sendable () -> Bool

        /// Kills what is left of the group.
        ///
        /// While a member lives, the kernel gives nobody the leader's number. So
        /// who has it after the leader has ended is a stranger, or a process of
        /// another test, and nothing is left of the group.
        func endGroup() {
            if hasEnded(), kill(process, 0) == 0 || errno == EPERM { return }
            kill(-process, SIGKILL)
        }
    }

    private let leaders = Mutex<[Leader]>([])

    /// Where the store is to be: a path in the directory, which does not exist yet.
    public var path: String { directory + "/store" }

    /// Makes the directory.
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
        for leader in leaders.withLock({ $0 }) { leader.endGroup() }
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Ends a process, and what it has started, with this store.
    func end(groupOf leader: pid_t, hasEnded: @escaping @Sendable () -> Bool) {
        leaders.withLock { $0.append(Leader(process: leader, hasEnded: hasEnded)) }
    }

    /// Makes a directory inside, and returns its path.
    public func makeDirectory(_ name: String) throws -> String {
        let path = directory + "/" + name
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        return path
    }
}
