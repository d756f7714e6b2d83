// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

/// The patterns of the article of the same name, as they stand there.
@Suite("Patterns for shell scripts")
struct ShellPatternTests {
    private let scene: LockScene

    init() throws {
        scene = try LockScene()
    }

    /// Written by another process: one that this process starts meanwhile would
    /// have the file open for a moment, and nobody could run it.
    private func script(_ name: String, _ text: String) async throws -> String {
        let path = scene.store.directory + "/" + name
        let writer = try BerthProcess.startShell(
            "cat > \(path) && chmod 755 \(path)", store: scene.store, input: text)
        #expect(await writer.exitStatus() == 0)
        return path
    }

    @Test func wholeScriptRunsUnderALock() async throws {
        let log = scene.store.directory + "/log"
        let path = try await script(
            "nightly",
            """
            #!/bin/sh
            [ "$NIGHTLY" ] || exec env NIGHTLY=1 berth lock nightly -- "$0" "$@"
            echo "in $1" >> \(log)
            berth lock nightly -n true; echo "nested $?" >> \(log)
            BERTH_HELD= berth lock nightly -n true; echo "other $?" >> \(log)
            echo "out $1" >> \(log)
            """)
        try await withThrowingTaskGroup(of: BerthProcess.Outcome.self) { group in
            for number in 1...4 {
                let scene = scene
                group.addTask { try await scene.shell("\(path) \(number)") }
            }
            for try await outcome in group { #expect(outcome.status == 0) }
        }
        let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 16)
        for turn in stride(from: 0, to: lines.count, by: 4) {
            #expect(lines[turn].dropFirst(3) == lines[turn + 3].dropFirst(4))
            #expect(lines[turn + 1] == "nested 75")
            #expect(lines[turn + 2] == "other 75")
        }
        #expect(try await scene.run("locks", "nightly").status == 1)
    }

    @Test func lockIsHeldAcrossCommandsAndFreeWhenTheScriptEnds() async throws {
        let outcome = try await scene.shell(
            """
            token=$(berth lock deploy --for-pid $$) || exit
            berth -q lock deploy -n true; echo "busy $?"
            berth locks deploy --check "$token"; echo "mine $?"
            berth unlock deploy
            berth lock deploy -n true; echo "free $?"
            berth lock deploy --for-pid $$ > /dev/null
            """)
        #expect(outcome.output == "busy 75\nmine 0\nfree 0\n")
        #expect(try await scene.run("lock", "deploy", "-n", "true").status == 0)
    }

    @Test func cronJobDoesNotOverlapAndASkippedRunIsOnRecord() async throws {
        let holder = try await scene.hold(["lock", "backup"])
        let line = "berth --log-json lock backup -n -E 0 -- echo ran"
        let skipped = try await scene.shell(line)
        #expect(skipped.status == 0)
        #expect(skipped.output.isEmpty)
        let busy = skipped.errors.split(separator: "\n").first { $0.hasPrefix("{") }
        #expect(busy?.contains(#""event":"lock.busy""#) == true)
        #expect(busy?.contains(#""pid":"#) == true)
        holder.send(SIGTERM)
        _ = await holder.exitStatus()
        #expect(try await scene.shell(line).output == "ran\n")
    }

    @Test func soManyAtATime() async throws {
        let directory = try scene.store.makeDirectory("in")
        let outcome = try await scene.shell(
            """
            for file in 1 2 3 4 5 6 7 8; do
              berth lock convert --slots 3 -- sh -c '
                touch \(directory)/$0; ls \(directory) | wc -l; sleep 0.05; rm \(directory)/$0
              ' "$file" &
            done
            wait
            """)
        let counts = outcome.output.split { $0.isWhitespace }.compactMap { Int($0) }
        #expect(counts.count == 8)
        #expect((counts.max() ?? 9) <= 3)
    }

    @Test func readersAndAWriter() async throws {
        let file = scene.store.directory + "/data"
        try "0 0\n".write(toFile: file, atomically: false, encoding: .utf8)
        let outcome = try await scene.shell(
            """
            for i in 1 2 3 4 5 6; do
              berth lock data -- sh -c 'printf "%s " $0 > \(file); sleep 0.01; echo $0 >> \(file)' $i &
              berth lock data --shared -- cat \(file) &
            done
            wait
            """)
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.count == 6)
        for line in lines {
            let numbers = line.split(separator: " ")
            #expect(numbers.count == 2 && numbers[0] == numbers[1])
        }
    }

    @Test func makeTargetsTakeTurns() async throws {
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/make") else { return }
        let directory = scene.store.directory
        try """
        .SHELLFLAGS = lock make-$@ -- /bin/sh -c
        SHELL = berth
        all: one two
        one two:
        \t@mkdir \(directory)/$@.in && sleep 0.02 && rmdir \(directory)/$@.in && echo $@
        .PHONY: all one two

        """.write(toFile: directory + "/Makefile", atomically: false, encoding: .utf8)
        // Two makes at once: without the locks, one of two mkdir fails.
        let outcome = try await scene.shell(
            "cd \(directory); make -j2 -s & make -j2 -s; wait $!; echo $?")
        #expect(
            outcome.output.split(separator: "\n").sorted() == ["0", "one", "one", "two", "two"])
        #expect(outcome.errors.isEmpty)
    }
}
