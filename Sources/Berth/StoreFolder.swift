// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// A directory inside a store for what is no record: locks, bells, presence.
///
/// It needs the store's directory, and nothing of what is in it: what it is
/// for works on a full disk and beside a damaged journal.
final class StoreFolder: Sendable {
    private let store: StoreDirectory?
    let directory: FileDescriptor
    let path: String

    /// Opens the directory; nil where there is none and none is to be made.
    static func open(
        _ name: String, of store: String, creating: Bool
    ) throws(CoordinatorError) -> StoreFolder? {
        let opened: StoreDirectory?
        do throws(StoreError) {
            opened = try StoreDirectory.open(store, creating: creating, .live)
        } catch {
            throw CoordinatorError(error)
        }
        guard let opened else { return nil }
        let path = store + "/" + name
        guard
            let directory = try openDirectory(
                name, in: opened.descriptor, path, creating: creating)
        else { return nil }
        return StoreFolder(opened, directory, path)
    }

    /// Opens the directory for one who has just used the store at the path: what
    /// makes a store one to be trusted was looked at then. Nil where there is none.
    static func open(
        _ name: String, ofKnown store: String
    ) throws(CoordinatorError) -> StoreFolder? {
        let path = store + "/" + name
        do throws(SystemError) {
            return StoreFolder(nil, try FileCalls.openOwnDirectory(path), path)
        } catch let error where error.errno == .noEntry {
            return nil
        } catch {
            throw .system("cannot open " + path, error)
        }
    }

    private init(_ store: StoreDirectory?, _ directory: FileDescriptor, _ path: String) {
        self.store = store
        self.directory = directory
        self.path = path
    }

    deinit {
        FileCalls.close(directory)
    }

    /// Makes a system call fail as a failure of this directory.
    func calling<Result>(
        _ action: StaticString, _ body: () throws(SystemError) -> Result
    ) throws(CoordinatorError) -> Result {
        do throws(SystemError) {
            return try body()
        } catch {
            throw .system(action.description + " in " + path, error)
        }
    }

    /// The names in it, in no order.
    func names() throws(CoordinatorError) -> [String] {
        try calling("cannot look for files") { () throws(SystemError) in
            try FileCalls.entries(of: directory)
        }
    }

    /// Removes a file, wherever it has not been removed by another already.
    func remove(_ name: String) {
        try? FileCalls.unlink(name, in: directory)
    }

    /// Opens a directory inside another; nil where there is none and none is
    /// to be made.
    static func openDirectory(
        _ name: String, in parent: FileDescriptor, _ path: String, creating: Bool
    ) throws(CoordinatorError) -> FileDescriptor? {
        do throws(SystemError) {
            do throws(SystemError) {
                return try FileCalls.openDirectory(name, in: parent)
            } catch let error where error.errno == .noEntry {
                guard creating else { return nil }
            }
            do throws(SystemError) {
                try FileCalls.makeDirectory(name, in: parent)
            } catch let error where error.errno == .exists {
                // Another was as quick.
            }
            return try FileCalls.openDirectory(name, in: parent)
        } catch let error where error.errno == .notDirectory || error.errno == .symbolicLinkLoop {
            throw CoordinatorError(
                .permission,
                path + " is not a directory, which Berth never makes; find out who put it there, "
                    + "and remove it", cause: error)
        } catch {
            throw .system("cannot open " + path, error)
        }
    }
}
