// SPDX-License-Identifier: Apache-2.0

/// What the next writer does about the end of a generation that it found: a
/// pure function of what is seen there.
///
/// Told apart are a torn tail, which nobody was told of and which is cut, and
/// damage below what was once known to be flushed, which is refused.
enum Recovery {
    /// What is seen under the writers' lock.
    struct Evidence {
        var stop: Generation.Stop
        /// Where the valid lines end.
        var end: Int
        /// The hint, where it speaks of this generation.
        var hint: Hint?
        /// Whether the generation was begun in this run of the machine.
        var isThisBoot: Bool
        /// Whether the hint was written in this run of the machine.
        var isHintOfThisBoot: Bool
        /// The greatest flushed offset that lines after the end speak of.
        var witness: Int
        /// Where the lines ended when the description was first read.
        var vouchFloor: Int
        var durability: Durability
    }

    enum Verdict: Hashable {
        /// Everything is in order.
        case settled
        /// A writer died in its write: cut what follows the last valid line.
        case cut
        /// Lines are not known to be flushed, and a flush can prove it.
        case flush
        /// No flush of this file could prove anything: begin a new generation.
        case rotate
        /// Bytes are gone that were once there, up to this offset.
        case damaged(Int)
    }

    static func verdict(_ seen: Evidence) -> Verdict {
        var promised = seen.witness
        if let hint = seen.hint {
            promised = max(promised, hint.flushed)
            // What was visible is only lost with the machine.
            if seen.isHintOfThisBoot { promised = max(promised, hint.visible) }
        }
        if seen.end < promised { return .damaged(promised) }
        // A new boot begins a new file: no write-back error is inherited.
        guard seen.isThisBoot, seen.stop != .sealed, let hint = seen.hint else { return .rotate }
        // In a full store their writers are at work on it, or whoever depends
        // on them will find that they are not.
        if seen.durability == .strict, hint.flushed < seen.end {
            // The writer of those lines died before it could tell whether its
            // flush succeeded. A later one of an older description would
            // report its failure; one of a younger description would not.
            if seen.vouchFloor > hint.flushed { return .rotate }
            return seen.stop == .invalid ? .rotate : .flush
        }
        return seen.stop == .invalid ? .cut : .settled
    }
}
