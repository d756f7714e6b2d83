// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
    import BerthTestSupport
    import Foundation
    import Testing

    /// On a small file system of its own, where this user may mount one; else
    /// there is nothing to be seen.
    @Suite("Locks on a full disk")
    struct LockFullDiskTests {
        private let scene: LockScene

        init() throws {
            scene = try LockScene()
        }

        /// Runs a script with a store on a disk that is full, in which the lock
        /// `known` has been used; nil where none can be mounted.
        private func run(_ script: String) async throws -> BerthProcess.Outcome? {
            let disk = try scene.store.makeDirectory("disk")
            let outcome = try await scene.shell(
                """
                exec unshare -m sh -c '
                mount -t tmpfs -o size=512k none \(disk) || exit
                echo mounted
                export BERTH_STORE=\(disk)/store
                berth lock known true || exit
                cat /dev/zero > \(disk)/fill
                if echo > \(disk)/more; then echo "not full"; fi
                \(script)' 2> /dev/null
                """)
            return outcome.output.hasPrefix("mounted") ? outcome : nil
        }

        @Test func lockIsTakenWhetherItIsNewOrNot() async throws {
            let outcome = try await run(
                """
                berth lock known echo known
                berth lock known --ttl 1m echo lease
                berth lock new echo new
                berth lock other --ttl 1m --slots 2 echo slots
                """)
            guard let outcome else { return }
            #expect(outcome.output == "mounted\nknown\nlease\nnew\nslots\n")
        }

        @Test func lockIsWaitedForAndReleased() async throws {
            let outcome = try await run(
                """
                berth lock new --for-pid $$; berth lock new -n true; echo "busy $?"
                berth -v lock new echo "got it" &
                until berth locks new --json | grep -q "waiters.:.{"; do :; done
                berth locks new --json | grep -q "pid.:$$," && echo named
                berth unlock new; wait; berth locks new; echo "free $?"
                """)
            guard let outcome else { return }
            #expect(outcome.output == "mounted\n1\nbusy 75\nnamed\ngot it\nfree 1\n")
        }
    }
#endif
