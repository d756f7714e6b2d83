// SPDX-License-Identifier: Apache-2.0

/// What reading every byte of a store has shown.
package struct StoreVerification: Hashable, Sendable {
    package internal(set) var generation: UInt64 = 0
    /// The number of the last transaction.
    package internal(set) var transaction: UInt64 = 0
    package internal(set) var runs = 0
    /// The lines that were read, of the journal and of the runs.
    package internal(set) var lines = 0
    package internal(set) var bytes = 0
    package internal(set) var damages = DamageList()
    /// What is worth knowing and does no harm.
    package internal(set) var notes: [String] = []

    package var isSound: Bool { damages.isEmpty }

    init() {}
}

extension Store {
    /// Reads everything, without a lock and without changing anything, and
    /// compares it with what was written. Blocks the current thread. Writers
    /// go on meanwhile; what is verified is the generation that was current at
    /// the beginning.
    ///
    /// - Parameter progress: hears how many bytes of how many were read.
    /// - Returns: what was found. Damage is an answer.
    /// - Throws: `notFound` where there is no store.
    package func verify(
        progress: @escaping ProgressReport = { _, _ in }
    ) throws(StoreError) -> StoreVerification {
        guard let directory = try StoreDirectory.open(path, creating: false, environment) else {
            throw .noStore(path)
        }
        while true {
            if let result = try Verifier(directory, progress).verify(environment) { return result }
        }
    }
}

/// One attempt at reading all of a store.
private struct Verifier {
    private let directory: StoreDirectory
    private let progress: ProgressReport
    private var result = StoreVerification()

    init(_ directory: StoreDirectory, _ progress: @escaping ProgressReport) {
        self.directory = directory
        self.progress = progress
    }

    /// Nil where a run was gone because another generation had begun.
    consuming func verify(_ environment: StoreEnvironment) throws(StoreError) -> StoreVerification?
    {
        guard let inspection = try inspect(environment) else { return result }
        result.generation = inspection.header.generation
        result.transaction = inspection.generation.lastNumber
        takeJournal(inspection)
        try takeNames(inspection)
        guard let runs = try openRuns(of: inspection) else { return nil }
        defer { for (_, file) in runs { directory.storage.close(file.descriptor) } }
        let total = runs.reduce(result.bytes) { $0 + $1.reference.bytes }
        for (reference, file) in runs {
            var run = RunVerification(
                reference, inspection.header.salt, newest: inspection.header.number)
            var done = result.bytes
            try run.read(file, in: directory) { count in
                done += count
                progress(done, total)
            }
            result.bytes = done
            result.lines += reference.records
            result.damages.append(run.damages)
        }
        result.runs = runs.count
        return result
    }

    /// Nil where there is too little to go on; what is missing is noted.
    private mutating func inspect(
        _ environment: StoreEnvironment
    ) throws(StoreError) -> StoreInspection? {
        do throws(StoreError) {
            guard let inspection = try StoreInspection.of(directory, environment) else {
                throw .noStore(directory.path)
            }
            return inspection
        } catch let error where error.code == .damaged {
            let isThere = try directory.identity(ofName: StoreDirectory.journalName) != nil
            result.damages.append(
                Damage(
                    StoreDirectory.journalName, at: 0, record: isThere ? 1 : nil,
                    isThere ? "its header is not what was written" : "it is missing"))
            return nil
        }
    }

    private mutating func takeJournal(_ inspection: StoreInspection) {
        let generation = inspection.generation
        let lines = 1 + Int(generation.lastNumber - generation.header.number)
        result.lines += lines
        result.bytes += generation.end
        if generation.end < inspection.promised {
            result.damages.append(
                Damage(
                    StoreDirectory.journalName, at: generation.end, record: lines + 1,
                    "the line is not what was written, and was durable, as all up to byte "
                        + String(inspection.promised)))
        } else if inspection.stop == .invalid {
            result.notes.append(
                "the journal ends in a torn line, at byte " + String(generation.end)
                    + ", which was never acknowledged; the next writer cuts it off")
        }
        if inspection.hint == nil {
            result.notes.append(
                "the hint does not speak of this generation; the next writer begins another")
        }
    }

    private mutating func takeNames(_ inspection: StoreInspection) throws(StoreError) {
        if try directory.identity(ofName: StoreDirectory.lockName) == nil {
            result.damages.append(Damage(StoreDirectory.lockName, at: 0, "it is missing"))
        }
        for name in try inspection.leftovers() {
            result.notes.append(
                name + " is part of no generation; the next rotation removes it")
        }
    }

    private mutating func openRuns(
        of inspection: StoreInspection
    ) throws(StoreError) -> [(reference: RunReference, file: OpenFile)]? {
        var runs: [(RunReference, OpenFile)] = []
        do throws(StoreError) {
            for reference in inspection.header.runs {
                if let file = try directory.open(reference.name, .reading) {
                    runs.append((reference, file))
                } else if try inspection.isCurrent() {
                    result.damages.append(Damage(reference.name, at: 0, "it is missing"))
                } else {
                    for (_, file) in runs { directory.storage.close(file.descriptor) }
                    return nil
                }
            }
        } catch {
            for (_, file) in runs { directory.storage.close(file.descriptor) }
            throw error
        }
        return runs
    }
}

extension StoreError {
    static func noStore(_ path: String) -> StoreError {
        StoreError(.notFound, "there is no store at " + path + "; the first change makes one")
    }
}
