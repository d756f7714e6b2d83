// SPDX-License-Identifier: Apache-2.0

/// The directory of a store, kept open, and the rules by which a file in it
/// is trusted.
package final class StoreDirectory: Sendable {
    let path: String
    let identity: FileIdentity
    let storage: any StorageBackend
    package let descriptor: FileDescriptor
    /// Whose process this is.
    let user: UInt32
    /// The group that shares the store; nil where it is the user's alone.
    package let group: UInt32?
    private let lockPath: String

    /// The names of the files. `lock` is never unlinked, renamed or truncated.
    static var lockName: String { "lock" }
    static var journalName: String { "journal" }
    static var newJournalName: String { "journal.new" }
    static var hintName: String { "hint" }
    static var historyName: String { "history" }
    static var ballastName: String { "ballast" }
    static var runPrefix: String { "run-" }
    /// Of the files of merges that no header names yet.
    static var mergePrefix: String { "merge-" }

    /// Whether a name in the directory is one that the engine gives.
    static func isName(_ name: String) -> Bool {
        switch name {
        case lockName, journalName, newJournalName, hintName, historyName, ballastName: true
        default: name.hasPrefix(runPrefix) || name.hasPrefix(mergePrefix)
        }
    }

    /// Opens the directory; nil where there is none and none is to be made.
    package static func open(
        _ path: String, creating: Bool, _ environment: StoreEnvironment
    ) throws(StoreError) -> StoreDirectory? {
        if let descriptor = try openDescriptor(path, environment.storage) {
            return try StoreDirectory(path, descriptor, environment)
        }
        guard creating else { return nil }
        try make(path, environment.storage)
        guard let descriptor = try openDescriptor(path, environment.storage) else {
            throw StoreError(.moved, "the store " + path + " vanished while it was made; try again")
        }
        return try StoreDirectory(path, descriptor, environment)
    }

    /// Whether a store can be made at a path under another name, and moved there:
    /// nothing is there, or a directory without anything in it, on which no file
    /// system is mounted.
    static func isEmptyOrMissing(
        _ path: String, _ environment: StoreEnvironment
    ) throws(StoreError) -> Bool {
        guard let directory = try open(path, creating: false, environment) else { return true }
        guard try directory.entries().isEmpty else { return false }
        let above = try? environment.storage.openDirectory(parent(of: path))
        guard let above else { return false }
        defer { environment.storage.close(above) }
        let status = try? environment.storage.status(of: above)
        return status?.identity.device == directory.identity.device
    }

    private static func openDescriptor(
        _ path: String, _ storage: any StorageBackend
    ) throws(StoreError) -> FileDescriptor? {
        do throws(SystemError) {
            return try storage.openDirectory(path)
        } catch let error where error.errno == .noEntry {
            return nil
        } catch let error where error.errno == .notDirectory {
            throw StoreError(
                .cannotCreate,
                "the store " + path + " is not a directory; name another place with --store or "
                    + "BERTH_STORE", cause: error)
        } catch {
            throw .system("cannot open the store " + path, error)
        }
    }

    private init(
        _ path: String, _ descriptor: FileDescriptor, _ environment: StoreEnvironment
    ) throws(StoreError) {
        self.path = path
        self.descriptor = descriptor
        lockPath = path + "/" + Self.lockName
        storage = environment.storage
        user = environment.user()
        do throws(StoreError) {
            let status = try Self.checked(descriptor, path, environment)
            identity = status.identity
            group = status.isShared ? status.group : nil
        } catch {
            environment.storage.close(descriptor)
            throw error
        }
    }

    deinit {
        storage.close(descriptor)
    }

    /// Refuses a directory that is neither the user's alone nor one that a group
    /// shares, or is not on this machine.
    private static func checked(
        _ descriptor: FileDescriptor, _ path: String, _ environment: StoreEnvironment
    ) throws(StoreError) -> FileStatus {
        let status: FileStatus
        let unsafeKind: String?
        do throws(SystemError) {
            status = try environment.storage.status(of: descriptor)
            unsafeKind = try environment.storage.unsafeFileSystem(of: descriptor)
        } catch {
            throw .system("cannot look at the store " + path, error)
        }
        let user = environment.user()
        if status.owner != user, status.owner != 0, !status.isShared {
            throw StoreError(
                .permission,
                "the store " + path + " belongs to user " + String(status.owner)
                    + ", not to you; name one of your own with --store or BERTH_STORE")
        }
        if status.permissions & (status.isShared ? 0o002 : 0o022) != 0 {
            throw StoreError(
                .permission,
                "the store " + path + " can be written by others; close it: chmod "
                    + (status.isShared ? "o-rwx " : "700 ") + path)
        }
        if let unsafeKind {
            throw StoreError(
                .unsafeLocation,
                "the store " + path + " is on " + unsafeKind
                    + ", where locks cannot be trusted; name a place on a local disk: "
                    + "BERTH_STORE=/var/tmp/berth-" + String(user))
        }
        return status
    }

    /// Makes the directory and those above it, each durable in the one above.
    private static func make(
        _ path: String, _ storage: any StorageBackend
    ) throws(StoreError) {
        do throws(SystemError) {
            do throws(SystemError) {
                try storage.makeDirectory(path)
            } catch let error where error.errno == .noEntry && path != parent(of: path) {
                try? make(parent(of: path), storage)
                try storage.makeDirectory(path)
            }
            let above = try storage.openDirectory(parent(of: path))
            defer { storage.close(above) }
            try storage.flushDirectory(above)
        } catch let error where error.errno == .exists {
            return
        } catch {
            throw StoreError(
                .cannotCreate,
                "cannot make the store " + path + ": " + error.errno.description
                    + "; name another place with --store or BERTH_STORE", cause: error)
        }
    }

    /// Makes the directory's own name durable in the directory above.
    func flushName() throws(StoreError) {
        do throws(SystemError) {
            let above = try storage.openDirectory(Self.parent(of: path))
            defer { storage.close(above) }
            try storage.flushDirectory(above)
        } catch let error where error.errno.isPermission {
            // Who may not read the directory above did not make this one.
        } catch {
            throw .system("cannot make the store " + path, error)
        }
    }

    static func parent(of path: String) -> String {
        let trimmed = path.utf8.last == UInt8(ascii: "/") ? String(path.dropLast()) : path
        guard let slash = trimmed.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == trimmed.utf8.startIndex ? "/" : String(trimmed[..<slash])
    }

    // MARK: Files

    /// Opens a file; nil where the name is free and none is to be made. A
    /// link, a FIFO, another's file and one with a second name are refused.
    func open(_ name: String, _ mode: OpenMode) throws(StoreError) -> OpenFile? {
        let descriptor: FileDescriptor
        do throws(SystemError) {
            descriptor = try storage.open(name, in: self.descriptor, mode)
        } catch let error where error.errno == .noEntry {
            return nil
        } catch let error where error.errno == .symbolicLinkLoop {
            throw planted(name, "a symbolic link")
        } catch let error where error.errno == .noSuchDevice || error.errno == .isDirectory {
            throw planted(name, "not a regular file")
        } catch {
            throw .system("cannot open " + path + "/" + name, error)
        }
        do throws(StoreError) {
            let status = try status(of: descriptor, name)
            if status.kind != .regular { throw planted(name, "not a regular file") }
            if status.links > 1 { throw planted(name, "known under a second name") }
            if status.owner != user, status.owner != 0, !isOfGroup(status) {
                throw planted(name, "owned by user " + String(status.owner))
            }
            return OpenFile(descriptor: descriptor, status: status)
        } catch {
            storage.close(descriptor)
            throw error
        }
    }

    /// Whether a file is that of a member of the group that shares the store.
    private func isOfGroup(_ status: FileStatus) -> Bool {
        group != nil && status.group == group && status.permissions & 0o002 == 0
    }

    /// Opens a file for reading and writing, or, where that is not asked for
    /// and not allowed, for reading alone; says which it was.
    func open(
        _ name: String, forWriting: Bool
    ) throws(StoreError) -> (file: OpenFile, isWritable: Bool)? {
        do throws(StoreError) {
            return try open(name, .readingAndWriting).map { ($0, true) }
        } catch {
            guard error.code == .permission, error.cause != nil, !forWriting else { throw error }
            return try open(name, .reading).map { ($0, false) }
        }
    }

    func status(of file: FileDescriptor, _ name: String) throws(StoreError) -> FileStatus {
        do throws(SystemError) {
            return try storage.status(of: file)
        } catch {
            throw .system("cannot look at " + path + "/" + name, error)
        }
    }

    private func planted(_ name: String, _ what: String) -> StoreError {
        StoreError(
            .permission,
            path + "/" + name + " is " + what
                + ", which Berth never makes; find out who put it there, and remove it")
    }

    /// Which file a name now stands for; nil where it is free.
    func identity(ofName name: String) throws(StoreError) -> FileIdentity? {
        do throws(SystemError) {
            return try storage.status(ofName: name, in: descriptor).identity
        } catch let error where error.errno == .noEntry {
            return nil
        } catch {
            throw .system("cannot look at " + path + "/" + name, error)
        }
    }

    func entries() throws(StoreError) -> [String] {
        do throws(SystemError) {
            return try storage.entries(of: descriptor)
        } catch {
            throw .system("cannot list the store " + path, error)
        }
    }

    /// Makes sure that the path still leads to this directory, and the name
    /// `lock` to the file that is locked: else two could be in at once.
    func checkStillNamed(lock: FileIdentity) throws(StoreError) {
        do throws(SystemError) {
            let status = try storage.status(ofPath: lockPath)
            if status.identity == lock { return }
        } catch let error where error.errno == .noEntry || error.errno == .notDirectory {
            // Said below.
        } catch {
            throw .system("cannot look at the store " + path, error)
        }
        throw StoreError(
            .moved, "the store " + path + " was moved, replaced or lost its file lock; try again")
    }

    /// Refuses a directory whose journal is gone while other files tell that
    /// there was one: that store is lost, not new. Throws `moved` where
    /// somebody has made the store since the journal was looked for.
    func checkNeverUsed() throws(StoreError) {
        for name in try entries() {
            let isTrace =
                name == Self.hintName || name == Self.historyName || name.hasPrefix(Self.runPrefix)
            guard isTrace else { continue }
            // The journal is there before any of these.
            if try identity(ofName: Self.journalName) != nil {
                throw StoreError(.moved, "the store " + path + " was made just now; try again")
            }
            throw .damaged(path, Self.journalName, "it is missing while " + name + " is there")
        }
    }
}
