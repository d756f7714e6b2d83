// SPDX-License-Identifier: Apache-2.0

/// The file that holds the hint, kept open.
///
/// Not `Sendable`: the engine touches it under its own lock.
final class HintFile {
    private let directory: StoreDirectory
    private var file: OpenFile?
    private var isWritable = false
    /// What was written last; kept for its memory.
    private var line: [UInt8] = []

    init(_ directory: StoreDirectory) {
        self.directory = directory
    }

    deinit {
        if let file { directory.storage.close(file.descriptor) }
    }

    private var path: String { directory.path + "/" + StoreDirectory.hintName }

    /// The hint; nil where there is none that is valid.
    func read(_ key: SipHash) throws(StoreError) -> Hint? {
        // A read that meets a write in the middle sees neither.
        for _ in 0..<Self.attempts {
            if file == nil,
                let opened = try directory.open(StoreDirectory.hintName, forWriting: false)
            {
                (file, isWritable) = opened
            }
            guard let file else { return nil }
            do throws(SystemError) {
                if let hint = try read(file.descriptor, key) { return hint }
            } catch {
                throw .system("cannot read " + path, error)
            }
        }
        return nil
    }

    private static var attempts: Int { 3 }

    private func read(_ file: FileDescriptor, _ key: SipHash) throws(SystemError) -> Hint? {
        try withUnsafeTemporaryAllocation(byteCount: Hint.size, alignment: 8) {
            buffer throws(SystemError) in
            let count = try directory.storage.readAll(file, into: buffer, at: 0)
            return Hint(UnsafeRawBufferPointer(rebasing: buffer[..<count]), key)
        }
    }

    /// Writes a hint. Returns what the file then says is flushed, which may be
    /// more; nil where it speaks of a later generation, and is left alone.
    ///
    /// Those who share the file write without the writers' lock: without one
    /// of the file's own, a slower writer could take back what a faster one
    /// has said.
    func write(_ hint: Hint, _ key: SipHash, isShared: Bool) throws(StoreError) -> Int? {
        let file = try opened()
        let storage = directory.storage
        do throws(SystemError) {
            guard isShared else {
                hint.encode(key, into: &line)
                try storage.writeAll(file, line, at: 0)
                return hint.flushed
            }
            // What another has said of later lines holds for these: it was
            // proven before it was said.
            if let said = try read(file, key), said.says(hint) { return said.flushed }
            _ = try storage.lock(file, .exclusive, waiting: true)
            defer { try? storage.unlock(file) }
            var hint = hint
            if let said = try read(file, key) {
                if said.says(hint) { return said.flushed }
                if said.generation > hint.generation { return nil }
                if said.generation == hint.generation, said.header == hint.header {
                    hint.flushed = max(hint.flushed, said.flushed)
                    hint.visible = hint.flushed
                }
            }
            hint.encode(key, into: &line)
            try storage.writeAll(file, line, at: 0)
            return hint.flushed
        } catch {
            throw .system("cannot write " + path, error)
        }
    }

    private func opened() throws(StoreError) -> FileDescriptor {
        if let file, isWritable { return file.descriptor }
        guard let opened = try directory.open(StoreDirectory.hintName, .creating) else {
            throw StoreError(.moved, "the store " + directory.path + " vanished; try again")
        }
        if let file { directory.storage.close(file.descriptor) }
        (file, isWritable) = (opened, true)
        return opened.descriptor
    }
}
