// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("Locks where others meddle")
struct LockBadInputTests {
    private let scene: LockScene

    init() throws {
        scene = try LockScene()
    }

    // MARK: Processes

    @Test func processOfAnotherUserIsTakenForOrRefusedButNeverGuessed() async throws {
        // Process 1 is root's: seen by all, signalled by root alone.
        let outcome = try await scene.run("lock", "a", "--for-pid", "1")
        #expect(outcome.status == 0)
        #expect(outcome.output == "1\n")
        #expect(try await scene.run("locks", "a").status == 0)
        #expect(try await scene.run("unlock", "a", "--token", "1").status == 0)
    }

    /// The first taker waits behind a stranger; the second asks for the same
    /// process behind another. Both get the grant of the first.
    @Test func processGetsOneTokenWhoeverStandsBetween() async throws {
        let holder = try await scene.hold()
        let target = try BerthProcess.startShell("exec tail -f /dev/null", store: scene.store)
        let pid = ["lock", "a", "--for-pid", String(target.identifier)]
        let first = try BerthProcess.start(["-v"] + pid, store: scene.store)
        #expect(await first.hasComplained("waiting for the lock"))
        let stranger = try await scene.startWaiter()
        let second = try BerthProcess.start(["-v"] + pid, store: scene.store)
        #expect(await second.hasComplained("waiting for the lock"))
        let other = try await BerthProcess.run(pid + ["-s", "-w", "20"], store: scene.store)
        #expect(other.status == 75)
        #expect(other.errors.contains("already (token 2, exclusive)"))
        holder.send(SIGTERM)
        #expect(await first.outcome().output == "2\n")
        #expect(await second.outcome().output == "2\n")
        #expect(try await scene.tokens("waiters") == [3])
        target.send(SIGKILL)
        #expect(await stranger.outcome().output == "got it\n")
    }

    // MARK: The folder

    @Test func strangeFilesChangeNothing() async throws {
        #expect(try await scene.run("lock", "a", "true").status == 0)
        let folder = try scene.folder()
        let files = FileManager.default
        _ = files.createFile(atPath: folder + "/README", contents: nil)
        _ = files.createFile(atPath: folder + "/0000000000000009.xq", contents: nil)
        _ = files.createFile(atPath: folder + "/000000000000000x.x", contents: nil)
        try files.createDirectory(
            atPath: folder + "/0000000000000009", withIntermediateDirectories: false)
        try files.createSymbolicLink(
            atPath: folder + "/link", withDestinationPath: scene.store.directory)
        #expect(mkfifo(folder + "/fifo", 0o600) == 0)
        let huge = open(folder + "/huge", O_CREAT | O_WRONLY, 0o600)
        #expect(ftruncate(huge, 1 << 40) == 0)
        close(huge)
        let before = try files.contentsOfDirectory(atPath: folder).sorted()
        #expect(try await scene.run("lock", "a", "-n", "--slots", "2", "true").status == 0)
        #expect(try await scene.run("locks").status == 0)
        #expect(try files.contentsOfDirectory(atPath: folder).sorted() == before)
    }

    @Test(arguments: ["0000000000000009.x", "0000000000000009.s", "0000000000000009.xt"])
    func strangerInTheNameOfATicketIsRefusedNamingIt(name: String) async throws {
        #expect(try await scene.run("lock", "a", "true").status == 0)
        let folder = try scene.folder()
        let text = try String(contentsOfFile: folder + "/gate", encoding: .utf8)
        try text.replacingOccurrences(of: "0000000000000001", with: "0000000000000010")
            .write(toFile: folder + "/gate", atomically: false, encoding: .utf8)
        try FileManager.default.createSymbolicLink(
            atPath: folder + "/" + name, withDestinationPath: "gate")
        let outcome = try await scene.run("lock", "a", "-w", "5", "true")
        #expect(outcome.status == 65)
        #expect(outcome.errors.contains(folder + "/" + name))
    }

    @Test func hugeDetailsAndHugeTicketsAreNotReadWhole() async throws {
        let holder = try await scene.hold(["lock", "a", "--ttl", "1h"])
        let folder = try scene.folder()
        for name in ["0000000000000001.json", "0000000000000001.xt"] {
            #expect(truncate(folder + "/" + name, 1 << 40) == 0)
        }
        let listed = try await scene.run("locks", "a", "--json")
        #expect(listed.status == 0)
        #expect(listed.output.contains("\"token\":1"))
        #expect(try await scene.run("lock", "a", "-n", "true").status == 75)
        holder.send(SIGTERM)
    }

    // MARK: Commands

    /// The wrapper holds the lock too: only if it is killed as well is the lock
    /// free while such a command runs.
    @Test(
        arguments: [
            "bash -c 'exec 200>&- 201>&-; berth locks a --check 1'",
            "python3 -c 'import subprocess, sys; sys.exit(subprocess.call([\"berth\", \"locks\", \"a\", \"--check\", \"1\"], close_fds=True))'",
            "python3 -c 'import os; os.closerange(3, 400); os.execvp(\"berth\", [\"berth\", \"locks\", \"a\", \"--check\", \"1\"])'",
        ])
    func commandThatClosesDescriptorsIsStillUnderTheLock(script: String) async throws {
        if script.hasPrefix("python3") {
            let probe = try await scene.shell("python3 -c pass")
            if probe.status != 0 { return }
        }
        #expect(try await scene.run("lock", "a", "--", "sh", "-c", script).status == 0)
        #expect(try await scene.run("lock", "a", "-n", "true").status == 0)
    }

    @Test func closedStreamsStayClosedAndDoNotBecomeTheLock() async throws {
        let outcome = try await BerthProcess.start(
            [
                "lock", "a", "sh", "-c",
                """
                for number in 0 1 2; do test ! -e /dev/fd/$number || exit; done
                berth -q locks a --check 1
                """,
            ],
            store: scene.store, output: .closed, errors: .closed, inputStream: .closed
        ).exitStatus()
        #expect(outcome == 0)
        #expect(try await scene.run("lock", "a", "-n", "true").status == 0)
    }

    /// A waiter that is stopped holds up nobody but those behind it, and these
    /// go on when it does.
    @Test func stoppedWaiterKeepsItsPlace() async throws {
        let holder = try await scene.hold()
        let first = try await scene.startWaiter(says: "first")
        let second = try await scene.startWaiter(says: "second")
        first.send(SIGSTOP)
        holder.send(SIGTERM)
        _ = await holder.exitStatus()
        #expect(try await scene.run("lock", "a", "-w", "100ms", "true").status == 124)
        first.send(SIGCONT)
        #expect(await first.outcome().output == "first\n")
        #expect(await second.outcome().output == "second\n")
    }

    @Test func skippedAndTakenAreOnRecord() async throws {
        let outcome = try await scene.shell(
            """
            berth --log-json lock a -- sh -c 'BERTH_HELD= berth --log-json lock a -n true'
            """)
        let events = try outcome.errors.split(separator: "\n").filter { $0.hasPrefix("{") }.map {
            try #require(
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(
            events.map { $0["event"] as? String }
                == ["lock.acquired", "lock.busy", "lock.released"])
        #expect(events[1]["wait"] as? String == "no")
        #expect(events[1]["place"] as? Int == 1)
        #expect((events[0]["waited"] as? Double ?? -1) >= 0)
        #expect((events[2]["held"] as? Double ?? 0) > 0)
        #expect(outcome.status == 75)
    }
}
