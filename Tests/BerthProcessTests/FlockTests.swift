// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

/// The `flock` of util-linux on this machine; nil where there is none.
private let installedFlock: String? = ["/usr/bin/flock", "/bin/flock"].first {
    FileManager.default.isExecutableFile(atPath: $0)
}

extension ProcessTests {
    @Suite("The command flock")
    struct FlockTests {
        private let store: TemporaryStore

        /// A directory with the files that the scripts speak of, and `bin`,
        /// whose `flock` is ours.
        init() throws {
            store = try TemporaryStore()
            let bin = try store.makeDirectory("bin")
            try write("#!/bin/sh\nexec berth flock \"$@\"\n", to: bin + "/flock", mode: 0o755)
            try write("echo ran $1 $2\n", to: store.directory + "/script", mode: 0o755)
            try write("", to: store.directory + "/readonly", mode: 0o444)
            try write("", to: store.directory + "/held", mode: 0o644)
        }

        private func write(_ text: String, to path: String, mode: Int) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        }

        /// Runs a script in the directory. `$ours` and `$theirs` are the two
        /// commands; `flock` is ours, or theirs where it is asked for.
        private func start(_ script: String, theirs: Bool = false) throws -> BerthProcess {
            let bin = store.directory + "/bin"
            let path = theirs ? "" : "PATH=\(bin):$PATH; "
            return try BerthProcess.startShell(
                "cd '\(store.directory)'; ours='\(bin)/flock'; "
                    + "theirs='\(installedFlock ?? "false")'; " + path + script,
                store: store, environment: ["SHELL": "/bin/sh"])
        }

        private func run(_ script: String) async throws -> BerthProcess.Outcome {
            try await start(script).outcome()
        }

        // MARK: Beside the installed one

        /// Command lines that every version answers alike.
        private static let lines = [
            "flock -w -1 f true", "flock -n -w -1 f true", "flock --time 1 f true",
            "flock -E 255 f true", "flock -E ' 5' f true", "flock -F -o f true", "flock f -c",
            "flock f -c a b", "flock f -c 'echo $0 hi'", "flock f --command 'exit 3'",
            "flock f --comm true", "flock 99", "flock -n 99", "flock +1", "flock ' 1'",
            "flock no/file true", "flock f no-such-command", "flock f ./",
            "flock f /etc/passwd", "flock --verbose -w 1 f true", "flock --verbose -u f true",
            "flock -w 1e3 f true", "flock -w inf f true", "flock -w nan f true",
            "flock -w 0x10 f true", "flock -w ' 1' f true", "flock -w .5 f true",
            "flock -w 1. f true", "flock -w +1 f true", "flock -w -0 f true",
            "flock -w 0 f true", "flock --timeout=1 f true", "flock -sxn f true",
            "flock -sw1 f true", "flock -w1 f true", "flock f -n true", "flock f -- true",
            "flock -- f true", "flock - true", "flock . true", "flock /dev/null true",
            "flock f sh -c 'exit 42'", "flock f sh -c 'kill -9 $$'",
            "flock f sh -c 'kill -TERM $$'", "flock -F f sh -c 'exit 7'", "flock readonly true",
            "flock f ./script a b", "PATH=.:$PATH flock f script a b", "flock -n held true",
            "flock -n -E 123 held true", "flock -n -E 0 held true",
            "flock -F -n -E 123 held true", "flock --verbose -n held true",
            "flock --verbose -w 0.05 held true", "flock -w 0.05 -E 9 held true",
            "flock -w 0 --verbose held true", "flock -n -s held true", "flock -u held true",
            "flock -n 8", "flock -s 9", "flock -o f sh -c 'ls /dev/fd/ | wc -l'",
            "flock f sh -c 'ls /dev/fd/ | wc -l'", "flock f sh -c 'trap'",
            "trap '' PIPE; flock f sh -c 'kill -PIPE $$; echo alive'",
            "flock f sh -c 'kill -PIPE $$; echo alive'",
            "trap '' CHLD; flock f sh -c 'exit 4'", "flock 0 <&-", "flock -n 1 >&-",
            "flock -V >/dev/full 2>&1", "flock --help >/dev/full 2>&1",
        ]

        @Test(.enabled(if: installedFlock != nil, "flock of util-linux is not installed"))
        func everyLineIsAnsweredAsByTheInstalledOne() async throws {
            let holder = try start("berth flock held sh -c 'echo in; exec tail -f /dev/null'")
            #expect(await holder.hasPrinted("in"))
            let script = Self.lines.map { line in
                "echo '=='; (exec 8<held 9<>nine; \(line)) >out 2>err </dev/null; "
                    + "echo $?; cat out err"
            }.joined(separator: "\n")
            let ours = try await start(script).outcome()
            let theirs = try await start(script, theirs: true).outcome()
            let answers = [ours, theirs].map {
                $0.output.replacing(/took [0-9]+\.[0-9]{6} seconds/, with: "took T seconds")
                    .components(separatedBy: "==\n").dropFirst()
            }
            #expect(answers.map(\.count) == [Self.lines.count, Self.lines.count])
            for ((line, ours), theirs) in zip(zip(Self.lines, answers[0]), answers[1]) {
                #expect(ours == theirs, "\(line)")
            }
        }

        @Test(.enabled(if: installedFlock != nil, "flock of util-linux is not installed"))
        func eachExcludesTheOther() async throws {
            for (holder, other) in [("$ours", "$theirs"), ("$theirs", "$ours")] {
                let outcome = try await run(
                    """
                    \(holder) f sh -c "\(other) -n f true; echo \\$?; \(other) -s -n f true; echo \\$?"
                    \(holder) -s f sh -c "\(other) -s -n f true; echo \\$?; \(other) -n f true; echo \\$?"
                    \(other) -n f true; echo $?
                    exec 9<>f; \(holder) 9; \(other) -n f true; echo $?
                    \(other) -u 9; \(other) -n f true; echo $?
                    """)
                #expect(outcome.output == "1\n1\n0\n1\n0\n1\n0\n")
                #expect(outcome.errors.isEmpty)
            }
        }

        @Test(.enabled(if: installedFlock != nil, "flock of util-linux is not installed"))
        func aWaiterGetsTheLockOfTheOther() async throws {
            for (holder, other) in [("$ours", "$theirs"), ("$theirs", "$ours")] {
                let process = try start(
                    """
                    mkfifo go; exec 7<>go
                    \(holder) f sh -c 'read line <go; echo first' & \(holder) -n f true
                    while \(other) -n f true; do :; done
                    \(other) -w 60 f echo second & echo waiting; echo x >go; wait; rm go
                    """)
                #expect(await process.outcome().output == "waiting\nfirst\nsecond\n")
            }
        }

        // MARK: Where the newest version decides

        @Test(
            arguments: [
                ("flock --fd 9 true", 0, ""), ("flock --fd 9 -c 'exit 3'", 3, ""),
                ("flock --fd 9", 64, "flock: missing command\n"),
                ("flock --fd 99 true", 65, "flock: 99: Bad file descriptor\n"),
                ("flock -n --fd 8 true", 1, ""),
                ("flock -o --fd 9 flock -n 9", 65, "flock: 9: Bad file descriptor\n"),
                ("flock --fd 9 flock -n 9", 0, ""), ("flock --fcntl f true", 0, ""),
                ("flock -n --fcntl held true", 0, ""), ("flock --fcntl -s . true", 0, ""),
                ("flock --fcntl . true", 65, "flock: .: Is a directory\n"),
                (
                    "flock --fcntl f flock -n --fcntl f true", 1, ""
                ),
                ("flock --start 0 --length 2 f flock -n --start 2 --length 2 f true", 0, ""),
                ("flock --start 0 --length 2 f flock -n --start 1 f true", 1, ""),
            ] as [(String, Int32, String)])
        func theNewestVersionDecides(line: String, status: Int32, errors: String) async throws {
            let outcome = try await run(
                "exec 7<held 9<>nine; flock 7; exec 8<held; " + line)
            #expect(outcome.status == status)
            #expect(outcome.errors == errors)
        }

        // MARK: What its own tests ask for

        @Test(arguments: ["", "--fcntl"])
        func aSharedHolderIsAnsweredByItsOwnTests(api: String) async throws {
            let process = try start(
                """
                mkfifo go; exec 7<>go; flock \(api) --shared f sh -c 'echo in; read line <go' &
                while flock -n \(api) f true; do :; done; exec 4<>f
                flock \(api) -n -E 123 f echo never; echo $?
                flock \(api) -F -n -E 123 f echo never; echo $?
                flock \(api) --shared f echo shared; echo $?
                flock \(api) --nb --exclusive -E 123 f echo never; echo $?
                flock \(api) -n -x -E 123 4; echo $?; test -e 4; echo $?
                flock \(api) --timeout 60 -E 5 f echo after & echo x >go; wait $!; echo $?
                """)
            let outcome = await process.outcome()
            #expect(outcome.output == "in\n123\n123\nshared\n0\n123\n123\n1\nafter\n0\n")
        }

        @Test func unlockingFreesTheDescriptor() async throws {
            let outcome = try await run(
                """
                exec 9<>f; flock --exclusive --nonblocking --verbose 9; flock --unlock 9
                flock --exclusive --wait 0 --verbose f true
                """)
            let text = outcome.output.replacing(/[0-9]+\.[0-9]{6}/, with: "T")
            #expect(
                text == """
                    flock: getting lock took T seconds
                    flock: getting lock took T seconds
                    flock: executing true

                    """)
        }

        @Test func aRangeIsLockedAsTold() async throws {
            let outcome = try await run(
                "flock --shared --fcntl --start 1 --length 2 -F . -c 'cat /proc/locks 2>/dev/null'")
            #expect(outcome.status == 0)
            #if os(Linux)
                #expect(outcome.output.contains(/OFDLCK +ADVISORY +READ .* 1 2\n/))
            #endif
        }

        // MARK: Idioms

        @Test func theIdiomsOfScriptsWork() async throws {
            let outcome = try await run(
                """
                ( flock -n 9 || exit 1; echo one; ( flock -n 8 || echo busy ) 8>f ) 9>f
                exec 4<>f; flock -n 4 && echo two; flock -n f true || echo busy; exec 4>&-
                printf '%s\\n' '[ "$FLOCKER" != "$0" ] && exec env FLOCKER="$0" \
                flock -en "$0" "$0" "$@" || :' 'echo three $1; flock -n "$0" true || echo busy' >me
                chmod +x me; sed -i.bak '1i#!/bin/sh' me; ./me x
                flock -n f sh -c 'flock -n f echo never; echo cron $?'
                """)
            #expect(outcome.output == "one\nbusy\ntwo\nbusy\nthree x\nbusy\ncron 1\n")
            #expect(outcome.errors.isEmpty)
        }

        // MARK: Processes

        @Test(arguments: ["TERM", "KILL"])
        func theCommandOutlivesItsWrapperAndKeepsTheLock(signal: String) async throws {
            let script = """
                mkfifo go; exec 7<>go
                berth flock f sh -c 'echo in $PPID; read line <go; echo out' >log & wrapper=$!
                until grep -q in log 2>/dev/null; do :; done
                kill -\(signal) $wrapper; wait $wrapper; echo $?
                flock -n f true; echo $?; echo x >go; flock f cat log | tail -n 1
                """
            let outcome = try await run(script)
            let status = signal == "TERM" ? 143 : 137
            #expect(outcome.output == "\(status)\n1\nout\n")
        }

        @Test func withoutTheFileTheCommandDoesNotKeepTheLock() async throws {
            let outcome = try await run(
                """
                flock f sh -c 'tail -f /dev/null >/dev/null 2>&1 & echo $!' >pid
                flock -n f true; echo $?; kill $(cat pid); flock f true
                flock -o f sh -c 'tail -f /dev/null >/dev/null 2>&1 & echo $!' >pid
                flock -n f true; echo $?; kill $(cat pid)
                """)
            #expect(outcome.output == "1\n0\n")
        }

        @Test func theFileIsMadeByTheUmaskAndNeverTouched() async throws {
            let outcome = try await run(
                """
                umask 027; flock new true; ls -l new | cut -c 1-10
                echo text >full; flock full true; cat full
                flock 'a b' sh -c 'test -e "a b" && echo there'
                """)
            #expect(outcome.output == "-rw-r-----\ntext\nthere\n")
        }

        @Test func aWaitThatEndsTakesNothing() async throws {
            let outcome = try await run(
                """
                exec 9<>f 8<>f; flock 9
                for time in 0.000001 0.001 0.02; do flock -w $time -E 5 8; echo $?; done
                flock -u 9; flock -n f true; echo $?
                """)
            #expect(outcome.output == "5\n5\n5\n0\n")
        }

        @Test func anAnswerThatCannotBePrintedIsStatus1() async throws {
            guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
            let outcome = try await run("flock --verbose f sh -c 'exit 9' >/dev/full")
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("flock: write error"))
        }
    }
}
