// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

private let hasScript = FileManager.default.isExecutableFile(atPath: "/usr/bin/script")

/// At a terminal that `script` makes; where there is none, there is nothing to
/// be seen.
@Suite("Locks at a terminal", .enabled(if: hasScript))
struct LockTerminalTests {
    private let scene: LockScene

    init() throws {
        scene = try LockScene()
    }

    @Test func waiterSaysWhomItWaitsForUntilItIsThrough() async throws {
        let holder = try await scene.hold()
        let waiter = try BerthProcess.startShell(
            "script -qefc 'stty cols 60; berth lock a echo through' /dev/null", store: scene.store)
        #expect(await waiter.hasPrinted("\rberth: waiting for the lock 'a', 1 ahead, held by "))
        // Renewed each second; it tells for how long.
        #expect(await waiter.hasPrinted("\u{1B}[K\rberth: waiting"))
        holder.send(SIGTERM)
        let output = await waiter.outcome().output
        #expect(output.hasSuffix("\r\u{1B}[Kthrough\r\n"))
        // It never wraps.
        for line in output.split(separator: "\r") where line.hasPrefix("berth: ") {
            #expect(line.replacingOccurrences(of: "\u{1B}[K", with: "").count < 60)
        }
    }

    @Test func interruptReachesTheCommandOnce() async throws {
        let directory = scene.store.directory
        try """
        count=0; trap 'count=$((count + 1)); echo INT >> \(directory)/seen' INT
        echo ready > \(directory)/seen; while [ $count -eq 0 ]; do sleep 0.01; done
        sleep 0.1; exit 7

        """.write(toFile: directory + "/command", atomically: false, encoding: .utf8)
        // Each line in the FIFO lets whoever types go on; the first key is an interrupt.
        let outcome = try await scene.shell(
            """
            cd \(directory); mkfifo keys
            {
              until grep -q ready seen 2>/dev/null; do sleep 0.01; done
              echo > keys
              until grep -q INT seen; do sleep 0.01; done
              berth locks a --until-free
              echo > keys
            } &
            { exec 3<> keys; read line <&3; printf '\\003'; read line <&3; } \
              | timeout 60 script -qefc 'exec berth lock a sh command' /dev/null
            echo "status $?"; kill $! 2>/dev/null; cat seen
            """)
        #expect(outcome.output.contains("status 7"))
        #expect(outcome.output.hasSuffix("ready\nINT\n"))
    }
}
