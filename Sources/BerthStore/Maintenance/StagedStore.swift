// SPDX-License-Identifier: Apache-2.0

/// A new store that is made whole and durable under a temporary name beside
/// its own, and is then given that: whoever finds it finds all of it.
///
/// What a crash leaves is a directory named `NAME.incomplete-<16 hex>`. Whoever
/// makes one has its `flock`, so the next copy that is made beside it removes it.
struct StagedStore {
    private let path: String
    private let name: String
    private let parent: FileDescriptor

    /// Makes a store that holds entries, where nothing is yet, or, if that is
    /// asked for, an empty directory.
    ///
    /// - Throws: `cannotCreate` where something is at the path, or no
    ///   directory above it.
    static func make(
        at path: String, outside source: FileIdentity? = nil, replacingEmpty: Bool = false,
        durability: Durability, _ environment: StoreEnvironment,
        _ entries: () throws(StoreError) -> StoreEngine.Addition
    ) throws(StoreError) {
        let staged = try StagedStore(path, outside: source, replacingEmpty: replacingEmpty)
        defer { FileCalls.close(staged.parent) }
        StagingDirectory.sweep(staged.parent)
        let staging: StagingDirectory
        do throws(SystemError) {
            staging = try StagingDirectory(beside: staged.name, in: staged.parent, environment)
        } catch {
            throw cannotMake(path, error)
        }
        // The lock goes with the descriptor: from then on it is a store, or gone.
        defer { staging.close() }
        do throws(StoreError) {
            try staged.fill(staging, durability, environment, try entries())
            try staged.publish(staging)
        } catch {
            staging.remove()
            throw error
        }
    }

    private init(
        _ path: String, outside source: FileIdentity?, replacingEmpty: Bool
    ) throws(StoreError) {
        self.path = path
        name = String(path.utf8.split(separator: UInt8(ascii: "/")).last.map(Substring.init) ?? "")
        do throws(SystemError) {
            parent = try FileCalls.openDirectory(StoreDirectory.parent(of: path))
        } catch {
            throw Self.cannotMake(path, error)
        }
        do throws(StoreError) {
            try check(outside: source, replacingEmpty: replacingEmpty)
        } catch {
            FileCalls.close(parent)
            throw error
        }
    }

    private func check(outside source: FileIdentity?, replacingEmpty: Bool) throws(StoreError) {
        do throws(SystemError) {
            if try FileCalls.status(of: parent).identity == source {
                throw SystemError("mkdirat", .invalid)
            }
            _ = try FileCalls.status(ofName: name, in: parent)
            // Where it has something in it, the rename fails.
            if replacingEmpty { return }
        } catch let error where error.errno == .noEntry {
            return
        } catch let error where error.errno == .invalid {
            throw StoreError(.invalid, path + " is inside the store itself; name another place")
        } catch {
            throw Self.cannotMake(path, error)
        }
        throw Self.taken(path)
    }

    private func fill(
        _ staging: StagingDirectory, _ durability: Durability, _ environment: StoreEnvironment,
        _ addition: StoreEngine.Addition
    ) throws(StoreError) {
        let place = StoreDirectory.parent(of: path) + "/" + staging.name
        guard let directory = try StoreDirectory.open(place, creating: false, environment) else {
            throw StoreError(.moved, place + " vanished while it was filled; try again")
        }
        var environment = environment
        // The copy's own past begins with its first change.
        environment.limits.historyGenerations = 0
        try StoreEngine.shared(directory, durability, environment).load(addition, until: nil)
    }

    /// A crash before the rename leaves the staging directory, one after it
    /// the store.
    private func publish(_ staging: StagingDirectory) throws(StoreError) {
        do throws(SystemError) {
            // Replaces nothing but an empty directory.
            try FileCalls.rename(staging.name, to: name, in: parent)
        } catch let error
            where error.errno == .exists || error.errno == .notEmpty
            || error.errno == .notDirectory
        {
            throw Self.taken(path)
        } catch {
            throw Self.cannotMake(path, error)
        }
        do throws(SystemError) {
            try FileCalls.flushDirectory(parent)
        } catch {
            throw .indeterminate(.system("cannot flush the directory of " + path, error))
        }
    }

    private static func taken(_ path: String) -> StoreError {
        StoreError(
            .cannotCreate, "there is something at " + path + " already; name a place that is free")
    }

    private static func cannotMake(_ path: String, _ error: SystemError) -> StoreError {
        if error.errno.isNoRoom || error.errno.isExhaustion || error.errno.isPermission {
            return .system("cannot make " + path, error)
        }
        return StoreError(
            .cannotCreate, "cannot make " + path + ": " + error.errno.description, cause: error)
    }
}
