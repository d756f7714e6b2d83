// SPDX-License-Identifier: Apache-2.0

/// What does the work of a job.
protocol JobExecutor: Sendable {
    /// Whether the work is a command's, which may outlive the worker.
    var runsCommands: Bool { get }

    /// Begins to work on a job that is claimed, and says when it has ended.
    func start(
        _ job: Job, payload: [UInt8], for member: JobMember,
        whenDone: @escaping @Sendable (JobResult) -> Void
    ) -> any RunningJob
}

/// Work that goes on.
protocol RunningJob {
    /// Asks it to end soon.
    func cancel()
    /// Ends it, where that can be done.
    func kill()
}

/// How an attempt ended.
enum JobResult: Hashable, Sendable {
    case completed(output: [UInt8]?)
    case failed(String, retryAfter: Duration?, isFinal: Bool)
    case snoozed(Duration)
    case cancelled(String)
    /// It is to be handed back.
    case released
    /// The work has ended the attempt itself.
    case settled

    static func failed(_ message: String) -> JobResult {
        .failed(message, retryAfter: nil, isFinal: false)
    }
}
