// SPDX-License-Identifier: Apache-2.0

/// That a job runs only after another has ended in some way.
///
/// A job can only depend on jobs that are there when it is enqueued, and keeps
/// its dependencies: so no two can wait for each other.
public struct JobDependency: Hashable, Sendable {
    /// How the other job has to end.
    public enum Condition: String, Hashable, Sendable {
        /// Completed.
        case success
        /// Discarded or cancelled.
        case failure
        /// In whatever way.
        case any

        /// Whether an end meets it; nil for a job that has not ended.
        func isMet(by state: JobState) -> Bool? {
            guard state.isFinal else { return nil }
            switch self {
            case .success: return state == .completed
            case .failure: return state != .completed
            case .any: return true
            }
        }
    }

    /// The other job.
    public let job: JobID
    /// How it has to end.
    public let condition: Condition

    /// After a job has completed.
    public static func success(of job: JobID) -> JobDependency {
        JobDependency(job: job, condition: .success)
    }

    /// After a job was discarded or cancelled.
    public static func failure(of job: JobID) -> JobDependency {
        JobDependency(job: job, condition: .failure)
    }

    /// After a job has ended in whatever way.
    public static func end(of job: JobID) -> JobDependency {
        JobDependency(job: job, condition: .any)
    }

    /// What becomes of a job by what its dependencies have come to.
    enum Verdict: Hashable {
        /// Some have not ended.
        case wait
        case ready
        /// This one has ended in another way.
        case failed(JobDependency, JobState)
    }

    /// Judges dependencies by the states of their jobs.
    static func verdict(
        _ dependencies: [JobDependency], state: (JobID) throws -> JobState
    ) throws -> Verdict {
        var isReady = true
        for dependency in dependencies {
            let state = try state(dependency.job)
            switch dependency.condition.isMet(by: state) {
            case true?: continue
            case false?: return .failed(dependency, state)
            case nil: isReady = false
            }
        }
        return isReady ? .ready : .wait
    }
}
