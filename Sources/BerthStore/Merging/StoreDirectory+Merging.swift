// SPDX-License-Identifier: Apache-2.0

extension StoreDirectory {
    /// Tries to become the only merger of a kind; nil where there is one. Closing
    /// the file gives it back, as the end of the process does.
    func lock(
        _ kind: MergeKind, waiting: Bool
    ) throws(StoreError) -> FileDescriptor? {
        guard let file = try open(kind.lockName, .creating)?.descriptor else {
            throw StoreError(.moved, "the store " + path + " vanished; try again")
        }
        do throws(SystemError) {
            if try storage.lock(file, .exclusive, waiting: waiting) { return file }
            storage.close(file)
            return nil
        } catch {
            storage.close(file)
            throw .system("cannot lock " + path + "/" + kind.lockName, error)
        }
    }

    /// Whether somebody merges. It is looked for by trying the lock, which a
    /// merger that comes in that moment does not get: another will come.
    func isMerging(_ kind: MergeKind) throws(StoreError) -> Bool {
        let isGranted = try withFile(kind.lockName) { file throws(StoreError) in
            do throws(SystemError) {
                guard try storage.lock(file.descriptor, .exclusive, waiting: false) else {
                    return false
                }
                try storage.unlock(file.descriptor)
                return true
            } catch {
                throw StoreError.system("cannot lock " + path + "/" + kind.lockName, error)
            }
        }
        // Without the file nobody has begun.
        return isGranted == false
    }

    /// The line of a merge that is finished; nil where there is none that is valid.
    func manifest(
        of files: MergeFiles, _ key: SipHash
    ) throws(StoreError) -> MergeManifest? {
        let line = try withFile(files.manifestName) { file throws(StoreError) in
            try read(
                file.descriptor, files.manifestName, at: 0,
                count: min(file.status.size, StoreLimits.maximumTransaction))
        }
        return line.flatMap { MergeManifest($0, key) }
    }

    /// The merges of which a finished one waits for its name, or which are
    /// under way; with what is left of others it does what the caller says.
    func livingMerges(
        _ header: GenerationHeader, _ onLeftover: (MergeFiles) -> Void = { _ in }
    ) throws(StoreError) -> [(files: MergeFiles, isFinished: Bool)] {
        var living: [(MergeFiles, Bool)] = []
        for files in MergeFiles.all(in: try entries()) {
            if let manifest = try manifest(of: files, header.salt) {
                if manifest.place(in: header.runs) != nil {
                    living.append((files, true))
                } else {
                    onLeftover(files)
                }
            } else if try isMerging(files.kind) {
                living.append((files, false))
            } else {
                onLeftover(files)
            }
        }
        return living
    }
}
