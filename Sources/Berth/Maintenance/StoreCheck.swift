// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// What reading every byte of a store has shown.
public struct StoreCheck: Hashable, Sendable {
    /// A place that is not what was written there.
    public struct Damage: Hashable, Sendable {
        /// The file's name in the store's directory.
        public let file: String
        /// The byte at which it was seen, from 0.
        public let offset: Int
        /// The line that it concerns, counted from 1; nil where it is no line.
        public let record: Int?
        /// What is wrong, for people.
        public let reason: String
    }

    /// Whether everything is as it was written.
    public var isSound: Bool { damageCount == 0 }
    /// What is damaged, in the order in which it was found: the first 1000.
    public let damages: [Damage]
    /// How much is damaged in all.
    public let damageCount: Int
    /// What is worth knowing and does no harm, for people.
    public let notes: [String]
    /// How many runs were read.
    public let runs: Int
    /// How many lines were read, of the journal and of the runs.
    public let lines: Int
    /// How many bytes were read.
    public let bytes: Int

    init(_ result: StoreVerification) {
        damages = result.damages.first.map { damage in
            Damage(
                file: damage.file, offset: damage.offset, record: damage.record,
                reason: damage.reason)
        }
        damageCount = result.damages.count
        notes = result.notes
        runs = result.runs
        lines = result.lines
        bytes = result.bytes
    }
}
