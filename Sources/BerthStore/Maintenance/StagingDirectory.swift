// SPDX-License-Identifier: Apache-2.0

/// The directory in which a store is made before it gets its name, with the
/// `flock` that says that somebody is at it.
struct StagingDirectory {
    let name: String
    private let parent: FileDescriptor
    private let directory: FileDescriptor

    private static var mark: String { ".incomplete-" }

    /// Makes and locks a directory beside one that is to be.
    ///
    /// A crash before the lock leaves an empty directory without one; so does
    /// another who sweeps in that moment, and removes it: then it is made anew.
    init(
        beside wanted: String, in parent: FileDescriptor, _ environment: StoreEnvironment
    ) throws(SystemError) {
        self.parent = parent
        while true {
            var digits: [UInt8] = []
            digits.append(hexadecimal: environment.random())
            let name = wanted + Self.mark + String(decoding: digits, as: UTF8.self)
            try FileCalls.makeDirectory(name, in: parent, isPrivate: true)
            guard let directory = try Self.opened(name, in: parent) else { continue }
            self.name = name
            self.directory = directory
            return
        }
    }

    private init(name: String, in parent: FileDescriptor, _ directory: FileDescriptor) {
        self.name = name
        self.parent = parent
        self.directory = directory
    }

    /// Opens and locks a directory; nil where it is locked, or gone.
    private static func opened(
        _ name: String, in parent: FileDescriptor
    ) throws(SystemError) -> FileDescriptor? {
        do throws(SystemError) {
            let directory = try FileCalls.openDirectory(name, in: parent)
            do throws(SystemError) {
                if try FileCalls.lock(directory, .exclusive, waiting: false),
                    try FileCalls.status(ofName: name, in: parent).identity
                        == FileCalls.status(of: directory).identity
                {
                    return directory
                }
            } catch {
                FileCalls.close(directory)
                throw error
            }
            FileCalls.close(directory)
            return nil
        } catch let error where error.errno == .noEntry {
            return nil
        }
    }

    func close() {
        FileCalls.close(directory)
    }

    /// Removes it and what is in it. Best effort: what stays behind is in
    /// nobody's way, and the next copy that is made beside it removes it.
    func remove() {
        if let folder = try? FileCalls.openDirectory(StoreDirectory.historyName, in: directory) {
            Self.removeFiles(in: folder)
            FileCalls.close(folder)
            try? FileCalls.removeDirectory(StoreDirectory.historyName, in: directory)
        }
        Self.removeFiles(in: directory)
        try? FileCalls.removeDirectory(name, in: parent)
    }

    private static func removeFiles(in directory: FileDescriptor) {
        for name in (try? FileCalls.entries(of: directory)) ?? [] {
            try? FileCalls.unlink(name, in: directory)
        }
    }

    // MARK: What crashes have left

    /// Removes the directories that killed processes have left in another.
    ///
    /// One is removed where nobody has its lock, it is the user's own, and
    /// everything in it has a name that a store's file has: what a person has
    /// named so is left alone.
    static func sweep(_ parent: FileDescriptor) {
        for name in (try? FileCalls.entries(of: parent)) ?? [] where isStaging(name) {
            guard let directory = try? opened(name, in: parent) else { continue }
            let leftover = StagingDirectory(name: name, in: parent, directory)
            if leftover.isOurs { leftover.remove() }
            leftover.close()
        }
    }

    private static func isStaging(_ name: String) -> Bool {
        let suffix = name.utf8.suffix(mark.utf8.count + 16)
        return suffix.count < name.utf8.count && suffix.starts(with: mark.utf8)
            && suffix.suffix(16).allSatisfy { $0.hexadecimalDigit != nil }
    }

    private var isOurs: Bool {
        guard let status = try? FileCalls.status(of: directory),
            status.owner == CurrentProcess.effectiveUser,
            let names = try? FileCalls.entries(of: directory)
        else { return false }
        return names.allSatisfy(StoreDirectory.isName)
    }
}
