// SPDX-License-Identifier: Apache-2.0

package import BerthStore

/// A worker that does jobs by commands, as `berth work` does.
package struct CommandWorker {
    /// How it goes about it.
    package struct Options {
        package var queues: [String]
        package var concurrency = 1
        package var instances: Int?
        package var isUntilEmpty = false
        package var grace: Duration?
        package var killGrace: Duration = .seconds(5)
        package var executor = CommandExecutor(handler: nil)

        package init(queues: [String]) {
            self.queues = queues
        }
    }

    /// What it has done so far.
    package struct Totals {
        package let completed: Int
        package let failed: Int
        package let running: Int
        package let waiting: Int
        package let isStopping: Bool

        package init(
            completed: Int, failed: Int, running: Int, waiting: Int, isStopping: Bool
        ) {
            self.completed = completed
            self.failed = failed
            self.running = running
            self.waiting = waiting
            self.isStopping = isStopping
        }
    }

    private let worker: JobWorker

    /// - Parameters:
    ///   - coordinator: The store.
    ///   - options: How it goes about it.
    ///   - signals: What ``Signals/catchEndings()`` returned: the first one
    ///     stops the worker, a second one what it runs, a third one kills it.
    ///   - onChange: Is told of every change.
    /// - Throws: `invalid` where an option is outside what Berth accepts.
    package init(
        _ coordinator: Coordinator, _ options: Options, signals: FileDescriptor?,
        onChange: @escaping (Totals) -> Void = { _ in }
    ) throws {
        var own = JobWorker.Options(queues: options.queues, kinds: options.executor.kinds)
        own.concurrency = options.concurrency
        own.instances = options.instances
        own.isUntilEmpty = options.isUntilEmpty
        own.grace = options.grace
        own.killGrace = options.killGrace
        worker = try JobWorker(coordinator, own, options.executor, signals: signals) {
            onChange(Totals($0))
        }
    }

    /// Works until it is stopped, or nothing is left. Blocks the current thread.
    package func run() throws -> Totals {
        Totals(try worker.run())
    }
}

extension CommandWorker.Totals {
    fileprivate init(_ totals: JobWorker.Totals) {
        self.init(
            completed: totals.completed, failed: totals.failed, running: totals.running,
            waiting: totals.waiting, isStopping: totals.isStopping)
    }
}
