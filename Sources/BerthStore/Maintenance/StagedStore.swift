// SPDX-License-Identifier: Apache-2.0

/// A new store that is made whole and durable under a temporary name beside
/// its own, and is then given that: whoever finds it finds all of it.
///
/// What a crash leaves is a directory named `NAME.incomplete-<16 hex>`.
struct StagedStore {
    private let path: String
    private let name: String
    private let stagingName: String
    private let parent: FileDescriptor

    /// Makes a store that holds entries, where nothing is yet.
    ///
    /// - Throws: `cannotCreate` where something is at the path, or no
    ///   directory above it.
    static func make(
        at path: String, outside source: FileIdentity? = nil, durability: Durability,
        _ environment: StoreEnvironment, _ entries: () throws(StoreError) -> StoreEngine.Addition
    ) throws(StoreError) {
        let staged = try StagedStore(path, outside: source, environment.random())
        defer { FileCalls.close(staged.parent) }
        do throws(StoreError) {
            try staged.fill(durability, environment, try entries())
            try staged.publish()
        } catch {
            staged.discard()
            throw error
        }
    }

    private init(
        _ path: String, outside source: FileIdentity?, _ random: UInt64
    ) throws(StoreError) {
        var digits: [UInt8] = []
        digits.append(hexadecimal: random)
        self.path = path
        name = String(path.utf8.split(separator: UInt8(ascii: "/")).last.map(Substring.init) ?? "")
        stagingName = name + ".incomplete-" + String(decoding: digits, as: UTF8.self)
        do throws(SystemError) {
            parent = try FileCalls.openDirectory(StoreDirectory.parent(of: path))
        } catch {
            throw Self.cannotMake(path, error)
        }
        do throws(StoreError) {
            try check(outside: source)
        } catch {
            FileCalls.close(parent)
            throw error
        }
    }

    private func check(outside source: FileIdentity?) throws(StoreError) {
        do throws(SystemError) {
            if try FileCalls.status(of: parent).identity == source {
                throw SystemError("mkdirat", .invalid)
            }
            _ = try FileCalls.status(ofName: name, in: parent)
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
        _ durability: Durability, _ environment: StoreEnvironment,
        _ addition: StoreEngine.Addition
    ) throws(StoreError) {
        do throws(SystemError) {
            try FileCalls.makeDirectory(stagingName, in: parent)
        } catch {
            throw Self.cannotMake(path, error)
        }
        let place = StoreDirectory.parent(of: path) + "/" + stagingName
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
    private func publish() throws(StoreError) {
        do throws(SystemError) {
            // Replaces nothing but an empty directory.
            try FileCalls.rename(stagingName, to: name, in: parent)
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

    /// Best effort: what stays behind is in nobody's way.
    private func discard() {
        guard let staging = try? FileCalls.openDirectory(stagingName, in: parent) else { return }
        defer { FileCalls.close(staging) }
        if let folder = try? FileCalls.openDirectory(StoreDirectory.historyName, in: staging) {
            Self.removeFiles(in: folder)
            FileCalls.close(folder)
            try? FileCalls.removeDirectory(StoreDirectory.historyName, in: staging)
        }
        Self.removeFiles(in: staging)
        try? FileCalls.removeDirectory(stagingName, in: parent)
    }

    private static func removeFiles(in directory: FileDescriptor) {
        for name in (try? FileCalls.entries(of: directory)) ?? [] {
            try? FileCalls.unlink(name, in: directory)
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
