// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore
import BerthTestSupport
import Foundation
import Synchronization
import Testing

extension ProcessTests {
    @Suite("Commands that outlive their workers")
    struct OrphanedCommandTests {
        private let store: TemporaryStore

        init() throws {
            store = try TemporaryStore()
        }

        private func berth(_ words: [String]) async throws -> BerthProcess.Outcome {
            try await BerthProcess.run(words, store: store)
        }

        private func state(_ id: Int = 1) async throws -> String? {
            let text = try await berth(["job", "show", "\(id)"]).output
            let job = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            return job?["state"] as? String
        }

        /// The file of an attempt that a killed worker has left, and its command.
        private struct Orphan {
            let path: String
            let process: Int32

            /// Takes back what the worker had written down: as if it had been
            /// killed just before.
            func forgetProcess() throws {
                try FileHandle(forWritingTo: URL(fileURLWithPath: path)).truncate(atOffset: 0)
            }
        }

        /// Kills a worker at a job whose command goes on.
        private func makeOrphan(_ script: String) async throws -> Orphan {
            _ = try await berth(["job", "add", "--no-start", "q", "sh", "-c", script])
            let worker = try BerthProcess.start(["work", "q"], store: store)
            let follower = try BerthProcess.start(["job", "log", "-f", "1"], store: store)
            #expect(await follower.hasPrinted("up"))
            follower.send(SIGKILL)
            let folder = store.path + "/holders/"
            let name = try #require(
                try FileManager.default.contentsOfDirectory(atPath: folder).first {
                    $0.contains(".1-")
                })
            // The command may be up before its worker has written it down.
            var content = Data()
            while content.isEmpty {
                content = try Data(contentsOf: URL(fileURLWithPath: folder + name))
                await Task.yield()
            }
            let noted = try JSONSerialization.jsonObject(with: content)
            let process = try #require((noted as? [String: Any])?["pid"] as? Int)
            worker.send(SIGKILL)
            _ = await worker.exitStatus()
            return Orphan(path: folder + name, process: Int32(process))
        }

        private func isAlive(_ process: Int32) -> Bool {
            guard case .found(let facts) = ProcessTable.observe(process) else { return false }
            return !facts.isZombie
        }

        private var forever: String { "exec tail -f /dev/null" }

        @Test func aCommandIsEndedThatItsWorkerHadNoTimeToWriteDown() async throws {
            let orphan = try await makeOrphan("echo up; \(forever)")
            try orphan.forgetProcess()
            // One who only looks at the file is not taken for the command.
            let looking = try FileHandle(forReadingFrom: URL(fileURLWithPath: orphan.path))
            #expect(isAlive(orphan.process))
            #expect(try await state() == "available")
            #expect(!isAlive(orphan.process))
            #expect(!FileManager.default.fileExists(atPath: orphan.path))
            try looking.close()
        }

        @Test func whatSuchACommandHasStartedIsEndedToo() async throws {
            let child = store.directory + "/child"
            let orphan = try await makeOrphan(
                "trap '' TERM; sh -c 'echo $$ >\(child); echo up; \(forever)'; \(forever)")
            try orphan.forgetProcess()
            let text = try String(contentsOfFile: child, encoding: .utf8)
            let process = try #require(Int32(text.dropLast()))
            // Ended by another worker, which is told by nobody but the dead.
            let heir = try BerthProcess.start(["-v", "work", "other"], store: store)
            #expect(await heir.hasComplained("job.rescued job=1"))
            #expect(!isAlive(orphan.process) && !isAlive(process))
            #expect(try await state() == "available")
            heir.send(SIGTERM)
            #expect(await heir.exitStatus() == 0)
        }

        @Test func aCommandOutOfReachKeepsItsJobAndIsTold() async throws {
            let orphan = try await makeOrphan("echo up; \(forever)")
            kill(-orphan.process, SIGKILL)
            // From now on this process has the file, which it does not end.
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: orphan.path))
            try file.truncate(atOffset: 0)
            while flock(file.fileDescriptor, LOCK_EX) != 0 {}
            let told = Mutex<[Coordinator.Event]>([])
            let berth = try Coordinator.open(at: store.path) { event in
                told.withLock { $0.append(event) }
            }
            #expect(try await berth.jobs.rescue() == 0)
            #expect(told.withLock { $0.map(\.kind) } == [.jobOrphaned])
            let id = try #require(try await berth.jobs.list().first?.id)
            #expect(try await berth.jobs.job(id)?.state == .running)
            try file.close()
            #expect(try await berth.jobs.rescue() == 1)
            #expect(try await berth.jobs.job(id)?.state == .available)
        }
    }
}
