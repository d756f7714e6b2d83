// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// A worker that is started in passing, for jobs that are commands, and that
/// nobody waits for. It ends when nothing is left.
enum DetachedWorker {
    static var refusal: OptionSyntax { .flag("no-start", nil, "start no worker") }

    /// Starts a worker for each of some queues that has commands to run, and
    /// nobody who would.
    static func startWhereMissing(
        _ queues: [String], _ arguments: ArgumentReader, _ context: CommandContext
    ) throws {
        if arguments.has("no-start") { return }
        let coordinator = try context.coordinator()
        for queue in try coordinator.jobs.withoutWorker(queues, kind: JobCommand.kind) {
            try start(for: queue, of: coordinator, isSingle: true)
        }
    }

    /// Starts a worker. A single one that finds that the queue has a worker by
    /// then ends at once.
    static func start(
        for queue: String, of coordinator: Coordinator, isSingle: Bool
    ) throws(CoordinatorError) {
        guard let program = CurrentProcess.executablePath else { return }
        var words = [program, "--store", coordinator.path, "-q", "work", "--until-empty"]
        if isSingle { words += ["--instances", "1"] }
        words.append(queue)
        do throws(SystemError) {
            try ChildProcess.startDetached(words.map { Array($0.utf8) })
        } catch {
            throw .system("it is done, but no worker can be started", error)
        }
    }
}
