// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore
import BerthTestSupport
import Foundation
import Testing

extension ProcessTests {
    @Suite("Jobs, by the command")
    struct JobCommandTests {
        private let store: TemporaryStore

        init() throws {
            store = try TemporaryStore()
        }

        private func berth(
            _ words: [String], environment: [String: String] = [:], input: String = ""
        ) async throws -> BerthProcess.Outcome {
            try await BerthProcess.run(words, store: store, environment: environment, input: input)
        }

        private func start(_ words: [String]) throws -> BerthProcess {
            try BerthProcess.start(words, store: store)
        }

        private func show(_ id: Int) async throws -> [String: Any] {
            let text = try await berth(["job", "show", "\(id)"]).output
            return try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
        }

        /// Waits until a log says something: the sign that its command runs.
        private func waitForLog(_ id: Int, _ text: String) async throws {
            let follower = try start(["job", "log", "-f", "\(id)"])
            #expect(await follower.hasPrinted(text))
            follower.send(SIGKILL)
        }

        // MARK: Running commands

        @Test func aCommandRunsBySimplyAddingIt() async throws {
            let directory = try store.makeDirectory("here")
            let added = try await berth(
                [
                    "job", "add", "q", "--directory", directory, "--env", "COLOUR", "--",
                    "sh", "-c", "pwd; echo $COLOUR $BERTH_JOB_ID $BERTH_JOB_ATTEMPT",
                ], environment: ["COLOUR": "blue"])
            #expect(added.output == "1\n" && added.status == 0)
            #expect(try await berth(["job", "wait", "1", "-w", "60"]).status == 0)
            #expect(try await berth(["job", "log", "1"]).output == "\(directory)\nblue 1 1\n")
            #expect(try await show(1)["state"] as? String == "completed")
        }

        @Test func manyCommandsRunOneAfterTheOtherAndOnce() async throws {
            let file = store.directory + "/order"
            for number in 1...12 {
                let script = "echo in \(number) >>\(file); sleep 0.01; echo out \(number) >>\(file)"
                #expect(try await berth(["job", "add", "q", "sh", "-c", script]).status == 0)
            }
            #expect(try await berth(["job", "wait", "--queue", "q", "-w", "60"]).status == 0)
            let expected = (1...12).map { "in \($0)\nout \($0)\n" }.joined()
            #expect(try String(contentsOfFile: file, encoding: .utf8) == expected)
        }

        @Test func theStatusOfACommandDecides() async throws {
            for script in ["exit 0", "exit 3", "exit 75", "kill -9 $$"] {
                _ = try await berth(["job", "add", "--no-start", "q", "sh", "-c", script])
            }
            _ = try await berth(["job", "add", "--no-start", "q", "/nonesuch"])
            _ = try await berth(
                ["job", "add", "--no-start", "q", "--directory", "/nonesuch", "true"])
            let worker = try start(["work", "q", "-j", "3"])
            #expect(
                try await berth(["job", "wait", "2", "4", "5", "--state", "discarded"]).status == 0)
            #expect(try await berth(["job", "wait", "6"]).status == 1)
            #expect(try await berth(["job", "wait", "1"]).status == 0)
            #expect(try await berth(["job", "wait", "1", "2"]).status == 1)
            #expect(try await berth(["job", "wait", "3", "--state", "scheduled"]).status == 0)
            #expect(try await show(3)["attempt"] as? Int == 0)
            func failure(_ id: Int) async throws -> String {
                let failures = try await show(id)["failures"] as? [[String: Any]]
                return failures?.last?["message"] as? String ?? ""
            }
            #expect(try await failure(2) == "its command ended with status 3")
            #expect(try await failure(4) == "its command was ended by signal 9")
            #expect(try await failure(5).contains("cannot run '/nonesuch'"))
            #expect(try await failure(6).contains("cannot run anything in '/nonesuch'"))
            worker.send(SIGTERM)
            #expect(await worker.exitStatus() == 0)
        }

        @Test func aHandlerGetsThePayload() async throws {
            let payload = "{\"to\":[\"a\",\"b\"]}"
            let large = "\"" + String(repeating: "x", count: 65_534) + "\""
            _ = try await berth(["job", "add", "mail", "--payload", payload, "--key", "k"])
            _ = try await berth(["job", "add", "mail", "--payload", "-"], input: large)
            let worker = try await berth([
                "work", "mail", "--until-empty", "--", "sh", "-c",
                "cat; echo $BERTH_JOB_KEY; berth job progress $BERTH_JOB_ID 50",
            ])
            #expect(worker.status == 0 && worker.errors == "berth: 2 done, 0 failed\n")
            #expect(try await berth(["job", "log", "1"]).output == payload + "\nk\n")
            #expect(try await berth(["job", "log", "2"]).output == large + "\n\n")
            #expect(try await show(1)["progress"] != nil)
        }

        @Test func aWorkerWithoutAHandlerLeavesPayloadsAlone() async throws {
            _ = try await berth(["job", "add", "q", "--payload", "1"])
            #expect(try await berth(["work", "q", "--until-empty"]).status == 0)
            #expect(try await show(1)["state"] as? String == "available")
        }

        @Test func aFailedCommandIsTriedAgain() async throws {
            _ = try await berth([
                "job", "add", "q", "--attempts", "3", "--backoff", "1ms", "--", "sh", "-c",
                "echo try $BERTH_JOB_ATTEMPT; [ $BERTH_JOB_ATTEMPT = 3 ]",
            ])
            #expect(try await berth(["job", "wait", "1", "-w", "60"]).status == 0)
            #expect(try await berth(["job", "log", "1"]).output == "try 1\ntry 2\ntry 3\n")
        }

        @Test func aCommandThatTakesTooLongIsEnded() async throws {
            _ = try await berth([
                "job", "add", "q", "--timeout", "50ms", "--", "tail", "-f", "/dev/null",
            ])
            #expect(try await berth(["job", "wait", "1", "-w", "60"]).status == 1)
            let failures = try await show(1)["failures"] as? [[String: Any]]
            #expect(failures?.last?["message"] as? String == "it took longer than it may")
        }

        @Test func aRunningCommandIsCancelled() async throws {
            let stubborn = "trap '' TERM; echo up; while :; do sleep 1; done"
            _ = try await berth(["job", "add", "--no-start", "q", "sh", "-c", stubborn])
            let worker = try start(["work", "q", "--kill-grace", "50ms"])
            try await waitForLog(1, "up")
            #expect(try await berth(["job", "cancel", "1"]).status == 0)
            #expect(try await berth(["job", "wait", "1", "--state", "cancelled"]).status == 0)
            #expect(try await berth(["job", "cancel", "1"]).status == 1)
            worker.send(SIGTERM)
            #expect(await worker.exitStatus() == 0)
        }

        // MARK: Claiming by hand

        @Test func aScriptClaimsAndFinishesJobs() async throws {
            for number in 1...3 {
                _ = try await berth(["job", "add", "q", "--payload", "\(number)"])
            }
            let script = """
                while job=$(berth -q job claim q --for-pid $$); do
                    set -- $job
                    echo "$1 $3"
                    case $3 in
                        1) berth job done $1 --token $2 --output '"ok"' ;;
                        2) berth job fail $1 --token $2 -m broken --final ;;
                        3) berth job done $1 --token 1; echo "stale $?"
                           berth job done $1 --token $2 ;;
                    esac
                done
                echo "end $?"
                """
            let outcome = try await BerthProcess.startShell(script, store: store).outcome()
            #expect(outcome.output == "1 1\n2 2\n3 3\nstale 76\nend 0\n")
            #expect(try await show(1)["output"] as? String == "ok")
            #expect(try await show(2)["state"] as? String == "discarded")
            #expect(try await berth(["job", "claim", "q"]).status == 1)
            #expect(try await berth(["job", "claim", "q", "-w", "10ms"]).status == 124)
            #expect(try await berth(["job", "redrive", "q"]).output == "1\n")
        }

        @Test func aClaimWaitsForAJob() async throws {
            let claim = try start(["job", "claim", "q", "-w", "60"])
            _ = try await berth(["job", "add", "q", "--payload", "7"])
            #expect(await claim.outcome().output.hasSuffix(" 7\n"))
        }

        // MARK: Workers that die

        @Test func aKilledWorkersCommandIsEndedBeforeAnotherTakesItsJob() async throws {
            let file = store.directory + "/running"
            // A second one at the same time would find the directory there.
            let script = """
                echo x >>\(file).count; mkdir \(file) || echo overlap
                trap 'rmdir \(file); exit 1' TERM; echo up-$(wc -l <\(file).count)
                while :; do sleep 0.01; done
                """
            _ = try await berth(["job", "add", "--no-start", "q", "sh", "-c", script])
            let workers = [try start(["work", "q"]), try start(["work", "q"])]
            try await waitForLog(1, "up-1")
            let owner = try await show(1)["pid"] as? Int
            let victim = try #require(workers.first { Int($0.identifier) == owner })
            let heir = try #require(workers.first { Int($0.identifier) != owner })
            victim.send(SIGKILL)
            try await waitForLog(1, "up-2")
            #expect(try await !berth(["job", "log", "1"]).output.contains("overlap"))
            #expect(try await show(1)["pid"] as? Int == Int(heir.identifier))
            #expect(try await show(1)["rescues"] as? Int == 1)
            #expect(try await show(1)["attempt"] as? Int == 1)
            heir.send(SIGTERM)
            heir.send(SIGINT)
            #expect(await heir.exitStatus() == 0)
            // Handed back: the attempt is not burned.
            #expect(try await show(1)["state"] as? String == "available")
            #expect(try await show(1)["attempt"] as? Int == 0)
        }

        @Test func theNextCommandThatLooksRescuesWhereNobodyLives() async throws {
            _ = try await berth([
                "job", "add", "--no-start", "q", "sh", "-c", "echo up; exec tail -f /dev/null",
            ])
            let worker = try start(["work", "q"])
            try await waitForLog(1, "up")
            worker.send(SIGKILL)
            _ = await worker.exitStatus()
            let job = try await show(1)
            #expect(job["state"] as? String == "available" && job["rescues"] as? Int == 1)
            let failures = job["failures"] as? [[String: Any]]
            #expect((failures?.last?["message"] as? String)?.contains("died") == true)
        }

        @Test func aStoppedWorkerKeepsItsJobUnlessItHasATimeout() async throws {
            for options in [[], ["--timeout", "10ms"]] {
                _ = try await berth(
                    ["job", "add", "--no-start", "q"] + options + [
                        "--", "sh", "-c", "echo up; exec tail -f /dev/null",
                    ])
            }
            let stopped = try start(["work", "q", "-j", "2"])
            try await waitForLog(1, "up")
            stopped.send(SIGSTOP)
            // Its patience with a worker that lives is passed by a second look
            // later: here the claim itself is looked at as it will be then.
            let jobs = try Coordinator.open(at: store.path).jobs
            #expect(try await jobs.rescue() == 0)
            #expect(try await show(1)["state"] as? String == "running")
            stopped.send(SIGCONT)
            #expect(try await berth(["job", "wait", "2", "-w", "60"]).status == 1)
            stopped.send(SIGTERM)
            stopped.send(SIGINT)
            #expect(await stopped.exitStatus() == 0)
        }

        @Test func aWorkerToldToStopFinishesWhatRuns() async throws {
            let go = store.directory + "/go"
            _ = try await berth([
                "job", "add", "--no-start", "q", "sh", "-c",
                "mkfifo \(go); echo up; read line <\(go)",
            ])
            _ = try await berth(["job", "add", "--no-start", "q", "true"])
            let worker = try start(["-v", "work", "q"])
            try await waitForLog(1, "up")
            worker.send(SIGTERM)
            #expect(await worker.hasComplained("worker.stopping running=1"))
            try "x\n".write(toFile: go, atomically: false, encoding: .utf8)
            #expect(await worker.exitStatus() == 0)
            #expect(try await show(1)["state"] as? String == "completed")
            #expect(try await show(2)["state"] as? String == "available")
        }

        // MARK: Queues

        @Test func aDrainWaitsForWhatRuns() async throws {
            let go = store.directory + "/go"
            _ = try await berth([
                "job", "add", "q", "sh", "-c", "mkfifo \(go); echo up; read line <\(go)",
            ])
            try await waitForLog(1, "up")
            #expect(try await berth(["job", "drain", "q", "-w", "10ms"]).status == 124)
            let drain = try start(["job", "drain", "q"])
            try "x\n".write(toFile: go, atomically: false, encoding: .utf8)
            #expect(await drain.exitStatus() == 0)
            _ = try await berth(["job", "add", "--no-start", "q", "true"])
            #expect(try await berth(["job", "claim", "q"]).status == 1)
            #expect(try await berth(["job", "resume", "--no-start", "q"]).status == 0)
            #expect(try await berth(["job", "claim", "q"]).status == 0)
        }

        @Test func aGroupIsPausedDrainedAndResumedByItself() async throws {
            let go = store.directory + "/go"
            for group in ["a", "b"] {
                let script = "mkfifo \(go).\(group); echo up; read line <\(go).\(group)"
                _ = try await berth(
                    ["job", "add", "--no-start", "q", "--group", group, "sh", "-c", script])
            }
            let worker = try start(["work", "q", "-j", "2"])
            for id in 1...2 { try await waitForLog(id, "up") }
            #expect(
                try await berth(["job", "drain", "q", "--group", "a", "-w", "10ms"]).status == 124)
            let drain = try start(["job", "drain", "q", "--group", "a"])
            try "x\n".write(toFile: go + ".a", atomically: false, encoding: .utf8)
            #expect(await drain.exitStatus() == 0)
            let table = try await berth(["job", "queues"]).output
            #expect(table.contains("paused: a"))
            _ = try await berth(["job", "add", "--no-start", "q", "--group", "a", "true"])
            #expect(
                try await berth(["job", "list", "--group", "a", "--state", "available"]).output
                    .contains("true"))
            try "x\n".write(toFile: go + ".b", atomically: false, encoding: .utf8)
            #expect(try await berth(["job", "wait", "2"]).status == 0)
            #expect(try await berth(["job", "resume", "q", "--group", "a"]).status == 0)
            #expect(try await berth(["job", "wait", "3"]).status == 0)
            worker.send(SIGTERM)
            #expect(await worker.exitStatus() == 0)
        }

        @Test func theStatusOfAWaitForAQueueSaysHowItsJobsEnded() async throws {
            _ = try await berth(["job", "add", "q", "false"])
            #expect(try await berth(["job", "wait", "1"]).status == 1)
            _ = try await berth(["job", "add", "--no-start", "q", "true"])
            let good = try start(["job", "wait", "--queue", "q"])
            _ = try await berth(["work", "q", "--until-empty"])
            // What had failed before is not its matter.
            #expect(await good.exitStatus() == 0)
            let go = store.directory + "/go"
            let script = "mkfifo \(go); echo up; read line <\(go); exit 1"
            _ = try await berth(["job", "add", "q", "sh", "-c", script])
            try await waitForLog(3, "up")
            let bells = store.path + "/bells"
            let before = try FileManager.default.contentsOfDirectory(atPath: bells).count
            let bad = try start(["job", "wait", "--queue", "q"])
            while try FileManager.default.contentsOfDirectory(atPath: bells).count == before {
                await Task.yield()
            }
            try "x\n".write(toFile: go, atomically: false, encoding: .utf8)
            let outcome = await bad.outcome()
            #expect(outcome.status == 1 && outcome.errors == "berth: job 3 is discarded\n")
        }

        @Test func aWorkerOutlivesTheRemovalOfItsStore() async throws {
            let worker = try start(["-v", "work", "q"])
            _ = try await berth(["job", "add", "--no-start", "q", "true"])
            #expect(try await berth(["job", "wait", "1"]).status == 0)
            let removal = try await BerthProcess.startShell(
                "rm -rf \(store.path) && test ! -e \(store.path)", store: store
            ).outcome()
            #expect(removal.status == 0, "\(removal.errors)")
            #expect(await worker.hasComplained("store.retried attempt=1"))
            _ = try await berth(["job", "add", "--no-start", "q", "true"])
            #expect(try await berth(["job", "wait", "1", "-w", "60"]).status == 0)
            worker.send(SIGTERM)
            let outcome = await worker.outcome()
            #expect(outcome.status == 0 && outcome.errors.hasSuffix("2 done, 0 failed\n"))
        }

        @Test func aQueueMayHaveOneWorker() async throws {
            let worker = try start(["work", "q", "--instances", "1"])
            _ = try await berth([
                "job", "add", "--no-start", "q", "sh", "-c", "echo up; exec tail -f /dev/null",
            ])
            try await waitForLog(1, "up")
            #expect(try await berth(["work", "q", "--instances", "1"]).status == 75)
            worker.send(SIGKILL)
            _ = await worker.exitStatus()
            _ = try await berth(["job", "cancel", "1"])
            #expect(
                try await berth(["work", "q", "--instances", "1", "--until-empty"]).status == 0)
        }
    }
}
