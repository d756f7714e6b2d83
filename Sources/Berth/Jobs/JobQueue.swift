// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The jobs of one queue whose payloads are of one type.
///
/// It only names them: any number of programs may enqueue into the queue and
/// work on it at once.
public struct JobQueue<Payload: Codable & Sendable>: Sendable {
    /// The name of the queue.
    public let name: String
    /// The kind of its jobs. Those of other kinds stay in the queue.
    public let kind: String
    package let coordinator: Coordinator

    init(_ name: String, kind: String, _ coordinator: Coordinator) {
        self.name = name
        self.kind = kind
        self.coordinator = coordinator
    }

    /// How a worker goes about its work.
    public struct Options: Hashable, Sendable {
        /// How many jobs it works on at once.
        public var concurrency = 1
        /// How many workers of these kinds of jobs the queue may have, in
        /// whatever process; nil is no limit.
        public var instances: Int?
        /// How long jobs may go on when the worker is told to stop, before
        /// they are cancelled and handed back; nil is as long as they need.
        public var grace: Duration? = .seconds(30)
        /// Whether the worker ends when no job is left, now or later.
        public var isUntilEmpty = false

        /// One job at a time, until the worker is told to stop.
        public init() {}
    }

    func worker(_ options: Options, _ executor: any JobExecutor) throws -> JobWorker {
        var workerOptions = JobWorker.Options(queues: [name], kinds: [kind])
        workerOptions.concurrency = options.concurrency
        workerOptions.instances = options.instances
        workerOptions.grace = options.grace
        workerOptions.isUntilEmpty = options.isUntilEmpty
        return try JobWorker(coordinator, workerOptions, executor)
    }
}

extension Coordinator {
    /// The jobs of a queue whose payloads are of a type.
    ///
    /// - Parameters:
    ///   - name: The queue: 1 to 100 bytes of printable ASCII without `/`, `"`,
    ///     `\` and `*`.
    ///   - type: What the payloads decode to.
    ///   - kind: Tells these jobs from others of the same queue.
    /// - Returns: The queue, which is made by its first job.
    public func queue<Payload: Codable & Sendable>(
        _ name: String, of type: Payload.Type = Payload.self,
        kind: String = JobRequest.defaultKind
    ) -> JobQueue<Payload> {
        JobQueue(name, kind: kind, self)
    }
}
