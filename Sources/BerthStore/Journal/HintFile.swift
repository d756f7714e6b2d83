// SPDX-License-Identifier: Apache-2.0

/// The file that holds the hint, kept open.
///
/// Not `Sendable`: the engine touches it under its own lock.
final class HintFile {
    private let directory: StoreDirectory
    private var file: OpenFile?
    private var isWritable = false

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
            guard let bytes = try readBytes() else { return nil }
            if let hint = bytes.withUnsafeBytes({ Hint($0, key) }) { return hint }
        }
        return nil
    }

    private static var attempts: Int { 3 }

    private func readBytes() throws(StoreError) -> [UInt8]? {
        if file == nil, let opened = try directory.open(StoreDirectory.hintName, forWriting: false)
        {
            (file, isWritable) = opened
        }
        guard let file else { return nil }
        do throws(SystemError) {
            return try directory.storage.readAll(file.descriptor, at: 0, count: Hint.size)
        } catch {
            throw .system("cannot read " + path, error)
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
                try storage.writeAll(file, hint.encode(key), at: 0)
                return hint.flushed
            }
            _ = try storage.lock(file, .exclusive, waiting: true)
            defer { try? storage.unlock(file) }
            var hint = hint
            let bytes = try storage.readAll(file, at: 0, count: Hint.size)
            if let said = bytes.withUnsafeBytes({ Hint($0, key) }) {
                if said.generation > hint.generation { return nil }
                if said.generation == hint.generation, said.header == hint.header {
                    hint.flushed = max(hint.flushed, said.flushed)
                    hint.visible = hint.flushed
                }
            }
            try storage.writeAll(file, hint.encode(key), at: 0)
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
