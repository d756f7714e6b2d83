// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore
import BerthTestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension ProcessTests {
    /// A process that is stopped keeps what it has locked: nothing is taken
    /// from it, and nobody waits for ever.
    @Suite("Beside a stopped process")
    struct StoppedWriterTests {
        private let store: TemporaryStore

        init() throws {
            store = try TemporaryStore()
        }

        private func coordinator(_ timeout: Duration) throws -> Coordinator {
            try Coordinator.open(at: store.path, timeout: timeout)
        }

        private func set(_ text: String, _ berth: Coordinator) throws {
            try berth.values.set(Array(text.utf8), forKey: "a")
        }

        private func get(_ berth: Coordinator) throws -> String? {
            try berth.values.value(forKey: "a")?.text
        }

        /// Starts a process that locks a file of the store, and stops it.
        private func stopped(holding name: String) async throws -> BerthProcess {
            let holder = try BerthProcess.start(
                [
                    "flock", "--no-fork", store.path + "/" + name, "sh", "-c",
                    "echo in; exec sleep 600",
                ],
                store: store)
            #expect(await holder.hasPrinted("in"))
            holder.send(SIGSTOP)
            while case .found(let facts) = ProcessTable.observe(holder.identifier),
                !facts.isStopped
            {
                try #require(!facts.isZombie)
                await Task.yield()
            }
            return holder
        }

        @Test func whoWaitsForTheStoreIsToldWhoIsStopped() async throws {
            try set("1", coordinator(.seconds(60)))
            let holder = try await stopped(holding: "lock")
            let impatient = try coordinator(.milliseconds(50))
            for _ in 0..<2 {
                let error = #expect(throws: CoordinatorError.self) {
                    try set("2", impatient)
                }
                #expect(error?.code == .timedOut)
                #if os(Linux)
                    let process = "process \(holder.identifier), which is stopped"
                    #expect(error?.message.contains(process) == true, "\(error?.message ?? "")")
                #endif
            }
            // Reading asks nobody.
            #expect(try get(impatient) == "1")

            // Somebody who has given up leaves nothing behind that holds the
            // lock once it is free.
            holder.send(SIGCONT)
            holder.send(SIGKILL)
            _ = await holder.exitStatus()
            try set("3", coordinator(.seconds(60)))
            try set("4", impatient)
            #expect(try get(impatient) == "4")
        }

        /// The hint is what a flush is made known by: without it nothing is
        /// acknowledged.
        @Test func whoCannotSayWhatIsDurableAcknowledgesNothing() async throws {
            var environment = StoreEnvironment.live
            environment.limits.hintTimeout = .milliseconds(50)
            environment.engines = EngineRegistry()
            let writer = Store(at: store.path, environment: environment)
            let key = RecordKey("a")
            try writer.write("test") { try $0.set(key, Array("1".utf8)) }
            let holder = try await stopped(holding: "hint")
            let error = #expect(throws: StoreError.self) {
                try writer.write("test") { try $0.set(key, Array("2".utf8)) }
            }
            #expect(error?.code == .indeterminate)

            holder.send(SIGCONT)
            holder.send(SIGKILL)
            _ = await holder.exitStatus()
            try writer.write("test") { try $0.set(RecordKey("b"), Array("3".utf8)) }
            #expect(try writer.read { try $0.record(key)?.value } == Array("2".utf8))
        }
    }
}
