// SPDX-License-Identifier: Apache-2.0

/// What a process knows of a generation that has ended, and need not learn
/// again from the next: the open runs, and the latest changes.
struct Heritage {
    private let header: GenerationHeader
    private let lastHash: UInt64
    private let lastNumber: UInt64
    private let runs: [Run]
    private let tails: [Tail]
    let buffer: ReadBuffer

    /// The most that past tails take, in bytes of their lines.
    private static var maximumSize: Int { 1024 * 1024 }

    init(
        _ header: GenerationHeader, lastHash: UInt64, lastNumber: UInt64, runs: [Run], tail: Tail,
        pastTails: [Tail], buffer: ReadBuffer
    ) {
        self.header = header
        self.lastHash = lastHash
        self.lastNumber = lastNumber
        self.runs = runs
        self.buffer = buffer
        var tails: [Tail] = []
        var size = 0
        for tail in [tail] + pastTails {
            size += tail.end
            if size > Self.maximumSize { break }
            tails.append(tail)
        }
        self.tails = tails
    }

    /// The run that a reference of a later header names, where it is open.
    func run(_ reference: RunReference, of later: GenerationHeader) -> Run? {
        guard later.storeID == header.storeID, later.salt == header.salt else { return nil }
        return runs.first { $0.reference == reference }
    }

    /// The tails of the generations before a later one, from the newest to the
    /// oldest, where they are known to hold everything that was changed since:
    /// where that generation follows the last line that was read.
    func tails(before later: GenerationHeader) -> [Tail] {
        let follows =
            later.storeID == header.storeID && later.salt == header.salt
            && later.generation == header.generation + 1 && later.previous == lastHash
            && later.number == lastNumber
        return follows ? tails : []
    }
}
