// SPDX-License-Identifier: Apache-2.0

/// A queue as it was at one moment.
public struct JobQueueStatus: Hashable, Sendable {
    /// Its name.
    public let name: String
    /// What holds for it.
    public let settings: JobQueueSettings
    private let counts: [JobState: Int]

    /// How many jobs it has in a state.
    public func count(_ state: JobState) -> Int { counts[state] ?? 0 }

    init(_ record: QueueRecord) {
        name = record.name
        settings = record.settings
        counts = Dictionary(
            uniqueKeysWithValues: JobState.allCases.map { ($0, record.count($0)) })
    }
}
