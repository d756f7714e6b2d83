// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Foundation
import Testing

extension ProcessTests {
    /// What needs a second user is run where this one may become another, which
    /// is root.
    @Suite("Stores that several users share")
    struct SharedStoreTests {
        private let store: TemporaryStore

        init() throws {
            store = try TemporaryStore()
        }

        private func berth(_ words: String...) async throws -> BerthProcess.Outcome {
            try await BerthProcess.run(words, store: store)
        }

        /// A group that this process is in.
        private var ownGroup: String {
            get throws {
                let status = try FileCalls.status(ofPath: store.directory)
                return String(status.group)
            }
        }

        /// Lets the members of any group come to the store.
        private func openWay() throws {
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: store.directory)
        }

        private static let isRoot = CurrentProcess.effectiveUser == 0

        /// Runs the command as a user without a name, in a group of that number.
        private func asUser(
            _ user: Int, group: Int = 4711, _ command: String
        ) async throws -> BerthProcess.Outcome {
            let script = """
                umask 077
                exec setpriv --reuid=\(user) --regid=\(user) --groups=\(group) -- sh -c '\(command)'
                """
            return try await BerthProcess.startShell(script, store: store).outcome()
        }

        @Test func everythingThatIsMadeInItIsTheGroups() async throws {
            try openWay()
            let group = try ownGroup
            #expect(try await berth("store", "init", "--shared", group).status == 0)
            #expect(try await berth("kv", "set", "a", "1").status == 0)
            #expect(try await berth("lock", "a", "true").status == 0)
            #expect(try await berth("lock", "b", "--for-pid", "\(getpid())").status == 0)
            #expect(try await berth("job", "add", "q", "--start", "--", "true").status == 0)
            #expect(try await berth("job", "wait", "--queue", "q").status == 0)
            #expect(try await berth("store", "compact").status == 0)
            for name in try FileManager.default.subpathsOfDirectory(atPath: store.path) {
                guard let status = try? Self.status(store.path + "/" + name) else { continue }
                #expect(String(status.group) == group, "\(name)")
                // A ticket that was granted is marked as executable.
                let isRight =
                    status.kind == .directory
                    ? status.permissions == 0o2770 : status.permissions & ~0o100 == 0o660
                #expect(isRight, "\(name)")
            }
            #expect(try await berth("store", "doctor").status == 0)
            // It is made once.
            #expect(try await berth("store", "init", "--shared", group).status == 0)
        }

        private static func status(_ path: String) throws -> FileStatus {
            let slash = try #require(path.lastIndex(of: "/"))
            let directory = try FileCalls.openDirectory(String(path[..<slash]))
            defer { FileCalls.close(directory) }
            return try FileCalls.status(
                ofName: String(path[path.index(after: slash)...]), in: directory)
        }

        @Test(.enabled(if: isRoot)) func twoUsersOfTheGroupExcludeEachOtherAndWrite() async throws {
            try openWay()
            #expect(try await berth("store", "init", "--shared", "4711").status == 0)
            for user in [4001, 4002, 4001] {
                let outcome = try await asUser(
                    user, "berth lock a -- berth kv set by \(user) && berth kv get by")
                #expect(outcome.status == 0, "\(outcome.errors)")
            }
            let holder = try BerthProcess.startShell(
                """
                umask 077
                exec setpriv --reuid=4001 --regid=4001 --groups=4711 -- \
                berth lock a --no-fork -- sh -c 'echo in; kill -STOP $$'
                """, store: store)
            #expect(await holder.hasPrinted("in"))
            let busy = try await asUser(4002, "berth lock -n a true")
            #expect(busy.status == 75)
            #expect(busy.errors.contains("\(holder.identifier)"))
            let waiting = try await asUser(4002, "berth lock -w 0.1 a true")
            #expect(waiting.status == 124)
            holder.send(SIGKILL)
            _ = await holder.exitStatus()
            #expect(try await asUser(4002, "berth lock -w 10 a true").status == 0)
            #expect(try await berth("store", "doctor").status == 0)
        }

        @Test(.enabled(if: isRoot)) func whoIsNotInTheGroupIsRefused() async throws {
            try openWay()
            #expect(try await berth("store", "init", "--shared", "4711").status == 0)
            let outcome = try await asUser(4003, group: 4712, "berth lock a true")
            #expect(outcome.status == 77)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o777], ofItemAtPath: store.directory)
            let other = store.directory + "/other"
            let made = try await asUser(
                4003, group: 4712, "berth --store \(other) store init --shared 4711")
            #expect(made.status == 77)
            #expect(made.errors.contains("not a member"))
            #expect(!FileManager.default.fileExists(atPath: other))
        }

        @Test(arguments: ["", "no such group", "a:b", "-1", "4294967295", "\u{1B}[31m", "../x"])
        func groupThatIsNoneIsRefused(group: String) async throws {
            try openWay()
            let outcome = try await berth("store", "init", "--shared=\(group)")
            #expect(outcome.status == 64)
            #expect(outcome.errors.split(separator: "\n").count == 1)
            #expect(!outcome.errors.contains("\u{1B}"))
            #expect(!FileManager.default.fileExists(atPath: store.path))
        }

        @Test func placeThatIsClosedToTheGroupOrTakenIsRefused() async throws {
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o700], ofItemAtPath: store.directory)
            let closed = try await berth("store", "init", "--shared", "4711")
            #expect(closed.status == 77)
            #expect(closed.errors.contains("closed"))
            #expect(!FileManager.default.fileExists(atPath: store.path))
            try openWay()
            #expect(try await berth("kv", "set", "a", "1").status == 0)
            let taken = try await berth("store", "init", "--shared", "4711")
            #expect(taken.status == 73)
            #expect(try await berth("kv", "get", "a").output == "1\n")
        }

        @Test func sharedStoreThatIsOpenToAllIsRefused() async throws {
            try openWay()
            #expect(try await berth("store", "init", "--shared", try ownGroup).status == 0)
            #expect(chmod(store.path, 0o2777) == 0)
            let outcome = try await berth("lock", "a", "true")
            #expect(outcome.status == 77)
            #expect(outcome.errors.contains("chmod o-rwx"))
        }
    }
}
