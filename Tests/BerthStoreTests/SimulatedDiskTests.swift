// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Testing

/// The double itself: a simulation that forgave would prove nothing.
@Suite struct SimulatedDiskTests {
    let disk: SimulatedDisk
    let process: SimulatedProcess
    let root: FileDescriptor

    init() throws {
        disk = SimulatedDisk()
        process = SimulatedProcess(on: disk)
        root = try process.openDirectory("/")
    }

    private func write(_ text: String, to file: FileDescriptor, at offset: Int = 0) throws {
        _ = try Array(text.utf8).withUnsafeBytes { try process.write(file, $0, at: offset) }
    }

    /// The contents of a file after each power cut that may come now; nil where it is gone.
    private func powerCuts(_ path: String) -> Set<String?> {
        var random = SeededRandom(seed: 1)
        var found: Set<String?> = []
        var seen: Set<Int> = []
        disk.state.forEachPowerCut(&random, seen: &seen) { state in
            found.insert(state.bytes(at: path).map { String(decoding: $0, as: UTF8.self) })
        }
        return found
    }

    @Test func whatWasWrittenIsRead() throws {
        let file = try process.open("a", in: root, .creating)
        try write("hello", to: file, at: 3)
        var buffer = [UInt8](repeating: 9, count: 16)
        let count = try buffer.withUnsafeMutableBytes { try process.read(file, into: $0, at: 1) }
        #expect(count == 7)
        #expect(Array(buffer.prefix(7)) == [0, 0] + Array("hello".utf8))
        #expect(try process.status(of: file).size == 8)
    }

    @Test func unflushedFileMayBeGoneEmptyOrWhole() throws {
        let file = try process.open("a", in: root, .creating)
        try write("x", to: file)
        #expect(powerCuts("/a") == [nil, "", "\0", "x"])
    }

    @Test func flushedFileMayStillLackItsName() throws {
        let file = try process.open("a", in: root, .creating)
        try write("x", to: file)
        try process.flush(file)
        #expect(powerCuts("/a") == [nil, "x"])
        try process.flushDirectory(root)
        #expect(powerCuts("/a") == ["x"])
    }

    @Test func sectorsArriveInAnyOrder() throws {
        let file = try process.open("a", in: root, .creating)
        try write(String(repeating: "-", count: 1024), to: file)
        try process.flush(file)
        try process.flushDirectory(root)
        try write("AB", to: file, at: 511)
        let old = String(repeating: "-", count: 511)
        let end = String(repeating: "-", count: 511)
        #expect(
            powerCuts("/a") == [
                old + "--" + end, old + "A-" + end, old + "-B" + end, old + "AB" + end,
            ])
    }

    @Test func renameIsOldOrNewButNeverNeither() throws {
        for (name, text) in [("a", "old"), ("b", "new")] {
            let file = try process.open(name, in: root, .creating)
            try write(text, to: file)
            try process.flush(file)
        }
        try process.flushDirectory(root)
        try process.rename("b", to: "a", in: root)
        #expect(powerCuts("/a") == ["old", "new"])
        try process.flushDirectory(root)
        #expect(powerCuts("/a") == ["new"])
        #expect(powerCuts("/b") == [nil])
    }

    @Test func cutBytesNeverComeBack() throws {
        let file = try process.open("a", in: root, .creating)
        try write("abcdef", to: file)
        try process.flush(file)
        try process.flushDirectory(root)
        try process.truncate(file, to: 2)
        try process.truncate(file, to: 4)
        #expect(powerCuts("/a").isSubset(of: ["abcdef", "ab", "ab\0\0", "abcd"]))
        try process.flush(file)
        #expect(powerCuts("/a") == ["ab\0\0"])
    }

    @Test func failedFlushLosesBytesAndTheNextOneSucceeds() throws {
        let file = try process.open("a", in: root, .creating)
        try process.flushDirectory(root)
        try write("x", to: file)
        process.add(Fault(.fails(.inputOutput), at: 1, of: .flush))
        #expect(throws: SystemError("flush", .inputOutput)) { try process.flush(file) }
        try process.flush(file)
        #expect(disk.state.bytes(at: "/a") == Array("x".utf8))
        #expect(powerCuts("/a") == [""])
        disk.evict("/a")
        #expect(disk.state.bytes(at: "/a") == [])
    }

    @Test func failureOfWritingBackIsToldOnceToEachDescriptionThatWasOpen() throws {
        let first = try process.open("a", in: root, .creating)
        let second = try process.open("a", in: root, .readingAndWriting)
        try write("x", to: first)
        disk.failWriteback("/a", isTold: false)
        #expect(throws: SystemError.self) { try process.flush(first) }
        try process.flush(first)
        let later = try process.open("a", in: root, .readingAndWriting)
        try process.flush(later)
        #expect(throws: SystemError.self) { try process.flush(second) }
    }

    @Test func fullDiskWritesAPartAndThenNothing() throws {
        disk.state.capacity = 4
        let file = try process.open("a", in: root, .creating)
        let bytes = Array("abcdef".utf8)
        #expect(try bytes.withUnsafeBytes { try process.write(file, $0, at: 0) } == 4)
        #expect(throws: SystemError("write", .noSpace)) { try write("ef", to: file, at: 4) }
        try write("ABCD", to: file)
    }

    @Test func locksExcludeByDescriptionAndEndWithTheProcess() throws {
        let first = try process.open("lock", in: root, .creating)
        let other = SimulatedProcess(on: disk)
        let otherRoot = try other.openDirectory("/")
        let second = try other.open("lock", in: otherRoot, .readingAndWriting)
        #expect(try process.lock(first, .exclusive, waiting: true))
        #expect(try !other.lock(second, .exclusive, waiting: false))
        #expect(try !other.lock(second, .shared, waiting: false))
        process.kill()
        #expect(try other.lock(second, .shared, waiting: true))
        #expect(disk.violations.isEmpty)
    }

    @Test func waitingForEverIsAViolation() throws {
        let first = try process.open("lock", in: root, .creating)
        let second = try process.open("lock", in: root, .creating)
        _ = try process.lock(first, .exclusive, waiting: true)
        #expect(throws: SystemError.self) { try process.lock(second, .exclusive, waiting: true) }
        #expect(disk.violations.count == 1)
    }

    @Test func journalChangesOnlyUnderTheWritersLock() throws {
        let lock = try process.open("lock", in: root, .creating)
        let journal = try process.open("journal", in: root, .creating)
        _ = try process.lock(lock, .exclusive, waiting: true)
        try write("x", to: journal)
        #expect(disk.violations.isEmpty)
        try process.unlock(lock)
        try write("y", to: journal)
        #expect(disk.violations.count == 1)
    }

    @Test func lockIsNeverTouched() throws {
        let lock = try process.open("lock", in: root, .creating)
        try write("x", to: lock)
        try process.unlink("lock", in: root)
        #expect(disk.violations.count == 2)
    }

    @Test func faultBefallsTheCallItNamesOnce() throws {
        process.add(Fault(.fails(.processFilesExhausted), at: 2, of: .open))
        _ = try process.open("a", in: root, .creating)
        #expect(throws: SystemError("open", .processFilesExhausted)) {
            try process.open("a", in: root, .reading)
        }
        _ = try process.open("a", in: root, .reading)
        #expect(process.hasMetFault)
    }

    @Test func deadProcessChangesNothing() throws {
        let file = try process.open("a", in: root, .creating)
        process.add(Fault(.dies, at: 1))
        let before = disk.state.digest
        #expect(throws: SystemError.self) { try write("x", to: file) }
        #expect(throws: SystemError.self) { try process.unlink("a", in: root) }
        #expect(disk.state.digest == before)
    }

    @Test func recordingHasAPointBeforeEachChangeAndWithinLongWrites() throws {
        let points = try disk.recording {
            let file = try process.open("a", in: root, .creating)
            try write(String(repeating: "x", count: 600), to: file)
            try process.flush(file)
        }
        #expect(
            points.map(\.next) == [
                "create a", "write a 600 at 0", "the rest of write a 600 at 0", "flush a",
                "the end",
            ])
        #expect(points.map { $0.state.bytes(at: "/a")?.count } == [nil, 0, 512, 600, 600])
        #expect(points.map(\.isTorn) == [false, false, true, false, false])
    }

    @Test func digestTellsStatesApartByNamesAndBytes() throws {
        var state = DiskState()
        let empty = state.digest
        state.plant([1], at: "/a")
        let one = state.digest
        state.plant([2], at: "/a")
        #expect(Set([empty, one, state.digest]).count == 3)
        state.plant([1], at: "/a")
        #expect(state.digest == one)
        state.remove("/a")
        #expect(state.digest == empty)
    }
}
