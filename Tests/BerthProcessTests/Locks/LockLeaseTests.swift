// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

@Suite("Tokens and leases")
struct LockLeaseTests {
    private let scene: LockScene

    init() throws {
        scene = try LockScene()
    }

    // MARK: Tokens

    @Test func tokenIsCheckedByTheStatus() async throws {
        let outcome = try await scene.shell(
            """
            berth lock a sh -c '
              berth locks a --check $BERTH_TOKEN; echo "own $?"
              berth -q locks a --check 7; echo "later $?"
              berth -q locks b --check $BERTH_TOKEN; echo "another $?"'
            berth -q locks a --check 1; echo "after $?"
            """)
        #expect(outcome.output == "own 0\nlater 76\nanother 76\nafter 76\n")
        #expect(outcome.errors.isEmpty)
    }

    @Test func waiterHoldsNothing() async throws {
        let holder = try await scene.hold()
        let waiter = try await scene.startWaiter()
        #expect(try await scene.run("locks", "a", "--check", "1").status == 0)
        #expect(try await scene.run("locks", "a", "--check", "2").status == 76)
        holder.send(SIGTERM)
        _ = await waiter.exitStatus()
    }

    @Test func tokenOfAnotherLockChangesNothing() async throws {
        let outcome = try await scene.shell(
            """
            berth lock b --for-pid $$; berth lock a --for-pid $$
            berth lock a --for-pid $$ --ttl 1m; berth lock c --for-pid $$ --ttl 1m
            berth unlock a --token 2; echo "unlock $?"
            berth lock c --renew --token 2; echo "renew $?"
            berth lock a --renew --token 1; echo "no lease $?"
            berth locks a --check 1 && berth locks c --check 1 && echo "still held"
            """)
        #expect(
            outcome.output
                == "1\n1\n1\n1\nunlock 76\nrenew 76\nno lease 64\nstill held\n")
        #expect(outcome.errors.contains("no longer held with the token 2"))
    }

    // MARK: Leases

    @Test func leaseThatIsNotRenewedGoesToTheNext() async throws {
        // Nothing ends the holder but the test: only the lease can.
        let holder = try BerthProcess.start(
            [
                "lock", "a", "--ttl", "300ms", "sh", "-c",
                """
                echo in; trap 'berth -q locks a --check 1; echo "check $?"; berth lock a --renew
                echo "renew $?"; exit 0' TERM
                while :; do sleep 0.01; done
                """,
            ], store: scene.store)
        #expect(await holder.hasPrinted("in"))
        #expect(try await scene.run("lock", "-w", "20", "a", "echo", "got it").status == 0)
        holder.send(SIGTERM)
        let outcome = await holder.outcome()
        #expect(outcome.output == "in\ncheck 76\nrenew 76\n")
        #expect(outcome.status == 76)
        #expect(outcome.errors.contains("no longer held with the token 1"))
        #expect(outcome.errors.contains("lease of the lock 'a' has ended (token 1)"))
    }

    @Test func stoppedHolderLosesItsLeaseAndIsToldSo() async throws {
        let holder = try BerthProcess.start(
            [
                "lock", "a", "--no-fork", "--ttl", "200ms", "sh", "-c",
                "echo in; while berth -q locks a --check 1; do :; done; berth lock a --renew",
            ],
            store: scene.store)
        #expect(await holder.hasPrinted("in"))
        holder.send(SIGSTOP)
        let taken = try await scene.run("lock", "-w", "20", "a", "sh", "-c", "echo $BERTH_TOKEN")
        #expect(taken.output == "2\n")
        holder.send(SIGCONT)
        #expect(await holder.exitStatus() == 76)
    }

    @Test func renewedLeaseIsNotTaken() async throws {
        let outcome = try await scene.run(
            "lock", "a", "--ttl", "3s", "sh", "-c",
            """
            berth lock a --renew --ttl 1h && berth -q locks a --until-free -w 3500ms; echo $?
            berth locks a --check $BERTH_TOKEN
            """)
        #expect(outcome.output == "124\n")
        #expect(outcome.status == 0)
    }

    @Test func lockWithoutALeaseIsTakenFromNobodyThatLives() async throws {
        let holder = try await scene.hold()
        holder.send(SIGSTOP)
        #expect(try await scene.run("lock", "a", "-w", "300ms", "true").status == 124)
        holder.send(SIGCONT)
        #expect(try await scene.run("locks", "a", "--check", "1").status == 0)
    }

    @Test func leaseBeginsWithTheGrantAndNotWithTheWait() async throws {
        let holder = try await scene.hold()
        let waiter = try BerthProcess.start(
            ["-v", "lock", "a", "--ttl", "10s", "--", "berth", "locks", "a", "--json"],
            store: scene.store)
        #expect(await waiter.hasComplained("waiting for the lock"))
        holder.send(SIGTERM)
        let output = await waiter.outcome().output
        let listing = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
        let left = try #require(listing?["left"] as? Int)
        #expect(left > 0 && left <= 10_000)
        #expect(listing?["token"] as? Int == 2)
    }

    @Test func leaseForAProcessEndsAlthoughTheProcessLives() async throws {
        let outcome = try await scene.shell(
            """
            berth lock a --for-pid $$ --ttl 1m
            berth lock a --renew --token 1 --ttl 300ms; echo "renewed $?"
            berth lock a -w 20 echo taken
            berth unlock a --token 1; echo "late $?"
            berth lock a --renew --token 1; echo "late $?"
            """)
        #expect(outcome.output == "1\nrenewed 0\ntaken\nlate 76\nlate 76\n")
    }

    @Test func lockOfTheSameNameInAnotherStoreIsNotMeant() async throws {
        let other = scene.store.directory + "/other"
        let outcome = try await scene.shell(
            """
            berth --store \(other) lock a --for-pid $$ --ttl 1m
            berth lock a --ttl 1m -- berth --store \(other) lock a --renew; echo "$?"
            berth lock a --ttl 1m -- berth lock a --renew; echo "$?"
            """)
        #expect(outcome.output == "1\n64\n0\n")
    }

    // MARK: Breaking

    @Test func brokenLockIsTakenFromTheLivingAndOnRecord() async throws {
        let holder = try await scene.hold()
        let waiter = try BerthProcess.start(
            ["-v", "lock", "a", "sh", "-c", "echo in; exec tail -f /dev/null"], store: scene.store)
        #expect(await waiter.hasComplained("waiting for the lock"))
        #expect(try await scene.run("unlock", "a", "--break", "--token", "9").status == 76)
        let broken = try await scene.run("unlock", "a", "--break", "--token", "1")
        #expect(broken.status == 0)
        #expect(broken.errors.contains("took the lock 'a' (token 1) from process"))
        #expect(broken.errors.contains("sh -c"))
        holder.send(SIGTERM)
        let outcome = await holder.outcome()
        #expect(outcome.status == 76)
        #expect(outcome.errors.contains("has been taken away (token 1)"))
        #expect(await waiter.hasPrinted("in"))
        let journal = try String(contentsOfFile: scene.store.path + "/journal", encoding: .utf8)
        #expect(journal.contains(#""op":"lock.break""#))
        waiter.send(SIGTERM)
        _ = await waiter.exitStatus()
        #expect(try await scene.run("unlock", "a", "--break").status == 76)
        #expect(try await scene.run("unlock", "b", "--break").status == 66)
    }
}
