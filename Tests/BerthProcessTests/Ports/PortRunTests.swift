// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

extension ProcessTests {
    @Suite("Ports that are held, and end with a process")
    struct PortRunTests {
        private let store: TemporaryStore
        private static var range: [String] { ["--min", "20500", "--max", "20599"] }

        init() throws {
            store = try TemporaryStore()
        }

        private func run(_ words: [String]) async throws -> BerthProcess.Outcome {
            try await BerthProcess.run(["port"] + words, store: store)
        }

        @Test func theCommandHasTheSocket() async throws {
            let script =
                "test $LISTEN_PID = $$ && echo $LISTEN_FDS $LISTEN_FDNAMES $PORT; readlink /proc/$$/fd/3"
            let outcome = try await run(
                ["run", "--tag", "web"] + Self.range + ["--", "sh", "-c", script])
            #expect(outcome.status == 0)
            let reserved = try await run(["reserve", "--tag", "web"]).output.dropLast()
            let lines = outcome.output.split(separator: "\n")
            #expect(lines.first == "1 web \(reserved)")
            #if os(Linux)
                #expect(lines.last?.hasPrefix("socket:[") == true)
            #endif
        }

        @Test func theCommandServesWhoeverComesToItsPort() async throws {
            let words = "port run " + Self.range.joined(separator: " ")
            let server = try BerthProcess.startShell(
                "exec berth \(words) -- sh -c 'echo at $PORT; exec berth-test-worker serve'",
                store: store)
            #expect(await server.hasPrinted("\n"))
            // The socket listens already, whatever the command has come to.
            let port = try #require(Int(try await run(["reserve"]).output.dropLast()))
            #expect(TestSocket.answer(ofPort: port) == "served\n")
            #expect(await server.outcome().output == "at \(port)\nserved one\n")
        }

        @Test func nobodyElseHasThePortWhileTheCommandRuns() async throws {
            let holder = try BerthProcess.start(
                ["port", "run", "--tag", "web"] + Self.range
                    + ["--", "sh", "-c", "echo $PORT; exec sleep 600"], store: store)
            #expect(await holder.hasPrinted("\n"))
            let again = try await run(["run", "--tag", "web", "--", "true"])
            #expect(again.status == 75)
            #expect(again.errors.contains("in use by process \(holder.identifier)"))
            // Another gets another port: this one is in use.
            let reserved = try await run(["reserve", "--tag", "web"]).output
            let other = try await run(
                ["run", "--tag", "other"] + Self.range + ["sh", "-c", "echo $PORT"])
            #expect(other.status == 0 && other.output != reserved)
            holder.send(SIGKILL)
            #expect(await holder.exitStatus() == 137)
            let next = try await run(["run", "--tag", "web", "--", "sh", "-c", "echo $PORT"])
            #expect(next.output == reserved)
        }

        @Test func aPortThatCannotBeHeldIsNotRenewed() async throws {
            let holder = try BerthProcess.start(
                ["port", "run", "--tag", "web"] + Self.range
                    + ["--", "sh", "-c", "echo $PORT; exec sleep 600"], store: store)
            #expect(await holder.hasPrinted("\n"))
            let before = try await BerthProcess.run(["store", "dump"], store: store).output
            #expect(before.contains("\"tag\":\"web\""))
            #expect(try await run(["run", "--tag", "web", "--", "true"]).status == 75)
            // An address that this machine does not have, for a port that is there and a new one.
            for tag in ["web", "new"] {
                let outcome = try await run(
                    ["run", "--tag", tag, "--address", "203.0.113.7", "--", "true"])
                #expect(outcome.status == 74)
                #expect(outcome.errors.contains("203.0.113.7"))
            }
            let after = try await BerthProcess.run(["store", "dump"], store: store).output
            #expect(after == before)
            holder.send(SIGKILL)
            _ = await holder.exitStatus()
        }

        @Test func aCommandThatBindsItselfIsGivenThePortAlone() async throws {
            let outcome = try await run(
                ["run", "--release-on-exec"] + Self.range
                    + ["--", "sh", "-c", "echo ${LISTEN_FDS-none}; exec \"$0\" port run -- true"]
                    + [BerthProcess.executable])
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output == "none\n")
        }

        @Test func statusesAreThoseOfTheCommand() async throws {
            #expect(try await run(["run", "sh", "-c", "exit 7"]).status == 7)
            #expect(try await run(["run", "/none/such"]).status == 127)
            #expect(try await run(["run", "/"]).status == 126)
        }

        @Test func aReservationOfAScriptEndsWithTheScript() async throws {
            let words = "port reserve --exact --port 20600 --tag "
            let script = try BerthProcess.startShell(
                "berth \(words) a --for-pid $$ && read line", store: store, input: "")
            #expect(await script.exitStatus() != 137)
            // The shell is dead: what it had is no more.
            #expect(try await run(["list", "--json"]).output == "[]\n")
            let next = try await run(["reserve", "--exact", "--port", "20600", "--tag", "b"])
            #expect(next.output == "20600\n")
        }

        @Test func aReservationOfALivingScriptIsItsOwn() async throws {
            let words = "port reserve --exact --port 20601 --tag a --for-pid"
            let script = try BerthProcess.startShell(
                "berth \(words) $$ && exec sleep 600", store: store)
            #expect(await script.hasPrinted("20601"))
            #expect(
                try await run(["reserve", "--exact", "--port", "20601", "--tag", "b"]).status == 1)
            let own = String(ProcessInfo.processInfo.processIdentifier)
            #expect(try await run(["reserve", "--tag", "a", "--for-pid", own]).status == 75)
            #expect(try await run(["reserve", "--tag", "a"]).output == "20601\n")
            script.send(SIGKILL)
            _ = await script.exitStatus()
            #expect(try await run(["assert-port", "20601", "--not"]).status == 0)
        }
    }

    @Suite("What is for eval")
    struct PortExportTests {
        @Test(arguments: ["bash", "dash", "zsh", "fish", "pwsh"])
        func aShellThatEvaluatesTheAnswerHasThePorts(shell: String) async throws {
            let store = try TemporaryStore()
            let project = try store.makeDirectory("shop $(touch pwned) `id`;'\"")
            // Names of services and projects may be anything: none of it is printed.
            let text = #"""
                {"project":"$(touch pwned)","ports":{"min":20700,"max":20799},"reservations":
                {"services":{"$(touch pwned)'\"`id`":{"env":"A_PORT"},"x; y":{"offset":1,"env":"_b2"}}}}
                """#
            try Data(text.utf8).write(to: URL(fileURLWithPath: project + "/berth.json"))
            let dialect = shell == "pwsh" ? "powershell" : shell == "dash" ? "bash" : shell
            let words = "port autoreserve --shell " + dialect
            let evaluation: String
            switch shell {
            case "fish": evaluation = "berth \(words) | source; echo $A_PORT $_b2"
            case "pwsh":
                evaluation =
                    "berth \(words) | Out-String | Invoke-Expression; \"$env:A_PORT $env:_b2\""
            default: evaluation = "eval \"$(berth \(words))\"; echo $A_PORT $_b2"
            }
            let script =
                "command -v \(shell) >/dev/null || exit 99; cd \"$PROJECT\" && exec \(shell) -c \"$SCRIPT\""
            let outcome = try await BerthProcess.startShell(
                script, store: store, environment: ["PROJECT": project, "SCRIPT": evaluation]
            ).outcome()
            // 99: the shell is not installed here.
            if outcome.status == 99 && shell != "bash" && shell != "dash" { return }
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output == "20700 20701\n")
            #expect(!FileManager.default.fileExists(atPath: project + "/pwned"))
        }

        @Test func theShellThatAsksIsNoticed() async throws {
            let store = try TemporaryStore()
            let project = try store.makeDirectory("shop")
            let text = #"{"reservations":{"services":{"web":{}}}}"#
            try Data(text.utf8).write(to: URL(fileURLWithPath: project + "/berth.json"))
            let outcome = try await BerthProcess.startShell(
                "cd \"$PROJECT\"; eval \"$(berth port autoreserve)\"; test $WEB -ge 5000; echo $?",
                store: store,
                environment: ["PROJECT": project, "SHELL": "/usr/bin/fish"]
            ).outcome()
            #if os(Linux)
                #expect(outcome.output == "0\n")
            #endif
        }
    }
}
