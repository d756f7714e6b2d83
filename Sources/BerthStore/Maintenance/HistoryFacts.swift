// SPDX-License-Identifier: Apache-2.0

/// What the kept past generations are, and what they tell of how much was
/// written for each byte of the transactions.
package struct HistoryFacts: Hashable, Sendable {
    package private(set) var generations = 0
    package private(set) var bytes = 0
    /// The bytes of the transactions' lines, in the generations whose
    /// successor is known too.
    package private(set) var transactionBytes = 0
    /// The bytes of those generations' journals, and of the runs that their
    /// successors were the first to name. The filling of journals, the hint and
    /// the copies in the history do not count.
    package private(set) var writtenBytes = 0

    /// How many bytes were written for each byte of a transaction; nil where
    /// no past generation is kept.
    package var writeAmplification: Double? {
        transactionBytes > 0 ? Double(writtenBytes) / Double(transactionBytes) : nil
    }

    private init() {}

    /// Reads the first line of each past generation.
    static func of(
        _ directory: StoreDirectory, upTo current: GenerationHeader
    ) -> HistoryFacts {
        var facts = HistoryFacts()
        var successor = current
        let storage = directory.storage
        guard
            let folder = try? storage.openDirectory(
                StoreDirectory.historyName, in: directory.descriptor)
        else { return facts }
        defer { storage.close(folder) }
        let numbers = ((try? storage.entries(of: folder)) ?? []).compactMap { name in
            name.hasSuffix(".jsonl") ? UInt64(name.dropLast(6)) : nil
        }
        for number in numbers.sorted(by: >) where number < current.generation {
            // Best effort, as the copies are: one that is torn tells nothing.
            guard let past = archived(number, in: folder, directory) else { continue }
            facts.generations += 1
            facts.bytes += past.size
            if past.header.generation + 1 == successor.generation {
                facts.add(past.header, past.size, before: successor)
            }
            successor = past.header
        }
        return facts
    }

    private mutating func add(
        _ header: GenerationHeader, _ size: Int, before successor: GenerationHeader
    ) {
        transactionBytes += max(0, size - header.length)
        writtenBytes += size
        let known = header.runs.map(\.number)
        for run in successor.runs where !known.contains(run.number) { writtenBytes += run.bytes }
    }

    private static func archived(
        _ number: UInt64, in folder: FileDescriptor, _ directory: StoreDirectory
    ) -> (header: GenerationHeader, size: Int)? {
        let storage = directory.storage
        let name = String(number) + ".jsonl"
        guard let file = try? storage.open(name, in: folder, .reading) else { return nil }
        defer { storage.close(file) }
        guard let status = try? storage.status(of: file), status.kind == .regular,
            let header = try? Generation.readHeader(
                directory, OpenFile(descriptor: file, status: status)
            ).0, header.generation == number
        else { return nil }
        return (header, status.size)
    }
}
