// SPDX-License-Identifier: Apache-2.0

/// The file that holds the hint, kept open.
///
/// Not `Sendable`: the engine touches it under its own lock.
final class HintFile {
    private let directory: StoreDirectory
    /// How long others may keep a writer from saying what it has made durable.
    private let timeout: Duration?
    private var file: OpenFile?
    /// The lock of the file; nil where it is not open for writing.
    private var lock: FileLock?
    /// What was written last; kept for its memory.
    private var line: [UInt8] = []

    init(_ directory: StoreDirectory, timeout: Duration?) {
        self.directory = directory
        self.timeout = timeout
    }

    deinit {
        // The lock closes the file that it is of.
        if lock == nil, let file { directory.storage.close(file.descriptor) }
    }

    private var path: String { directory.path + "/" + StoreDirectory.hintName }

    /// The hint; nil where there is none that is valid.
    func read(_ key: SipHash) throws(StoreError) -> Hint? {
        // A read that meets a write in the middle sees neither.
        for _ in 0..<Self.attempts {
            if file == nil,
                let (opened, isWritable) = try directory.open(
                    StoreDirectory.hintName, forWriting: false)
            {
                if isWritable { _ = keep(opened) } else { file = opened }
            }
            guard let file else { return nil }
            if let hint = try said(file.descriptor, key) { return hint }
        }
        return nil
    }

    private static var attempts: Int { 3 }

    /// Writes a hint. Returns what the file then says is flushed, which may be
    /// more; nil where it speaks of a later generation, and is left alone.
    ///
    /// Those who share the file write without the writers' lock: without one
    /// of the file's own, a slower writer could take back what a faster one
    /// has said.
    ///
    /// - Throws: `timedOut` where another process has stood in the way for too
    ///   long: nothing was said then.
    func write(_ hint: Hint, _ key: SipHash, isShared: Bool) throws(StoreError) -> Int? {
        let (file, lock) = try opened()
        if isShared {
            // What another has said of later lines holds for these: it was
            // proven before it was said.
            if let said = try said(file, key), said.says(hint) { return said.flushed }
            let held = try lock.acquire(until: timeout.map(Deadline.init(after:)))
            defer { lock.release(held) }
            var hint = hint
            if let said = try said(file, key) {
                if said.generation > hint.generation { return nil }
                if said.generation == hint.generation, said.header == hint.header {
                    hint.flushed = max(hint.flushed, said.flushed)
                    hint.visible = hint.flushed
                }
            }
            try say(hint, file, key)
            return hint.flushed
        }
        try say(hint, file, key)
        return hint.flushed
    }

    private func said(_ file: FileDescriptor, _ key: SipHash) throws(StoreError) -> Hint? {
        do throws(SystemError) {
            return try withUnsafeTemporaryAllocation(byteCount: Hint.size, alignment: 8) {
                buffer throws(SystemError) in
                let count = try directory.storage.readAll(file, into: buffer, at: 0)
                return Hint(UnsafeRawBufferPointer(rebasing: buffer[..<count]), key)
            }
        } catch {
            throw .system("cannot read " + path, error)
        }
    }

    private func say(
        _ hint: Hint, _ file: FileDescriptor, _ key: SipHash
    ) throws(StoreError) {
        hint.encode(key, into: &line)
        do throws(SystemError) {
            try directory.storage.writeAll(file, line, at: 0)
        } catch {
            throw .system("cannot write " + path, error)
        }
    }

    private func opened() throws(StoreError) -> (FileDescriptor, FileLock) {
        if let file, let lock { return (file.descriptor, lock) }
        guard let opened = try directory.open(StoreDirectory.hintName, .creating) else {
            throw StoreError(.moved, "the store " + directory.path + " vanished; try again")
        }
        if let file { directory.storage.close(file.descriptor) }
        return (opened.descriptor, keep(opened))
    }

    /// Keeps a description that can be written to; its lock closes it.
    private func keep(_ opened: OpenFile) -> FileLock {
        let lock = FileLock(storage: directory.storage, opened)
        file = opened
        self.lock = lock
        return lock
    }
}
