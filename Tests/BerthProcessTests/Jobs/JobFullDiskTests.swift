// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

/// Whether this process may mount a file system of its own.
private let canMount: Bool = {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
}()

extension ProcessTests {
    @Suite("Jobs on a full disk", .enabled(if: canMount, "a file system cannot be mounted here"))
    struct JobFullDiskTests {
        @Test func aDiskThatIsFullInTheMiddleOfARunLosesNothing() async throws {
            let store = try TemporaryStore()
            let disk = try store.makeDirectory("disk")
            // The worker finds the disk full, says so, and goes on when it is not.
            let script = """
                mount -t tmpfs -o size=2m tmpfs \(disk) || exit
                export BERTH_STORE=\(disk)/store
                for i in $(seq 200); do berth job add --no-start q -- true >/dev/null; done
                head -c 3000000 /dev/zero >\(disk)/fill 2>/dev/null
                berth -v work q --until-empty 2>&1 | {
                    grep -m 1 -o store.retried; rm \(disk)/fill; cat >/dev/null; }
                berth job wait --queue q && berth --json job queues
                """
            let words = ["unshare", "-m", "sh", "-c", script]
            let quoted = words.map { "'" + $0.replacing("'", with: "'\\''") + "'" }
            let outcome = try await BerthProcess.startShell(
                "exec " + quoted.joined(separator: " "), store: store
            ).outcome()
            #expect(outcome.output.hasPrefix("store.retried\n"), "\(outcome.errors)")
            #expect(outcome.output.contains("\"completed\":200"))
        }
    }
}
