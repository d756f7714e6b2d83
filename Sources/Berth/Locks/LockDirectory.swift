// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The directory `locks` of a store: a folder for each lock that was ever used.
///
/// It needs the store's directory, and nothing of what is in it: a lock works
/// on a full disk and beside a damaged journal.
final class LockDirectory: Sendable {
    private let root: StoreFolder
    private var directory: FileDescriptor { root.directory }
    var path: String { root.path }

    /// Opens the directory; nil where there is none and none is to be made.
    static func open(_ store: String, creating: Bool) throws(CoordinatorError) -> LockDirectory? {
        guard let folder = try StoreFolder.open("locks", of: store, creating: creating) else {
            return nil
        }
        return LockDirectory(folder)
    }

    private init(_ root: StoreFolder) {
        self.root = root
    }

    func open(_ name: LockName, creating: Bool) throws(CoordinatorError) -> LockFolder? {
        let folder = name.folder
        let path = path + "/" + folder
        while true {
            do throws(CoordinatorError) {
                guard
                    let descriptor = try StoreFolder.openDirectory(
                        folder, in: directory, path, creating: creating)
                else { return nil }
                return LockFolder(name, path, descriptor)
            } catch {
                guard error.code == .noRoom, LockReserve.give(directory) else { throw error }
            }
        }
    }

    /// The folders of all locks, of which some may be no one's.
    func folders() throws(CoordinatorError) -> [String] {
        do throws(SystemError) {
            return try FileCalls.entries(of: directory)
        } catch {
            throw .system("cannot list " + path, error)
        }
    }

    /// Opens a folder without knowing the name of its lock; nil where it is not one.
    func open(folder: String) throws(CoordinatorError) -> LockFolder? {
        do throws(SystemError) {
            let descriptor = try FileCalls.openDirectory(folder, in: directory)
            do throws(SystemError) {
                if let text = try Gate.lockName(in: descriptor), let name = try? LockName(text),
                    name.folder == folder
                {
                    return LockFolder(name, path + "/" + folder, descriptor)
                }
            } catch {
                FileCalls.close(descriptor)
                throw error
            }
            FileCalls.close(descriptor)
            return nil
        } catch let error
            where error.errno == .noEntry || error.errno == .notDirectory
            || error.errno == .symbolicLinkLoop
        {
            return nil
        } catch {
            throw .system("cannot look into " + path + "/" + folder, error)
        }
    }

    /// Makes the entries on the way to a lock's folder durable, before its
    /// first number is given: a folder that a power loss takes back would
    /// give its numbers twice.
    static func flush(_ folder: LockFolder) throws(CoordinatorError) {
        try folder.calling("cannot flush") { () throws(SystemError) in
            try FileCalls.flushDirectory(folder.directory)
            for above in ["..", "../.."] {
                let directory = try FileCalls.openDirectory(above, in: folder.directory)
                defer { FileCalls.close(directory) }
                try FileCalls.flushDirectory(directory)
            }
        }
    }
}
