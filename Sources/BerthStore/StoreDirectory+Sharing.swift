// SPDX-License-Identifier: Apache-2.0

extension StoreDirectory {
    /// Makes a directory for a store that the members of a group share, where
    /// there is nothing yet, or an empty directory of the caller's own.
    ///
    /// A crash leaves an empty directory, which the next call takes.
    ///
    /// - Throws: `permission` where the caller may not give it to the group, or
    ///   the group could not come to it; `cannotCreate` where something else
    ///   is there.
    package static func makeShared(
        _ path: String, with group: UInt32
    ) throws(StoreError) {
        try checkReachable(path, by: group)
        var isNew = true
        do throws(SystemError) {
            do throws(SystemError) {
                try FileCalls.makeDirectory(path)
            } catch let error where error.errno == .exists {
                isNew = false
            }
            let directory = try FileCalls.openOwnDirectory(path)
            defer { FileCalls.close(directory) }
            let status = try FileCalls.status(of: directory)
            if status.isShared, status.group == group { return }
            if status.owner == CurrentProcess.effectiveUser,
                try FileCalls.entries(of: directory).isEmpty
            {
                return try give(directory, path, to: group)
            }
        } catch {
            if isNew { remove(path) }
            if error.errno == .notPermitted {
                throw StoreError(
                    .permission,
                    "you cannot share " + path + " with group " + String(group)
                        + ": you are not a member of it", cause: error)
            }
            throw StoreError(
                .cannotCreate,
                "cannot make the store " + path + ": " + error.errno.description
                    + "; name another place with --store or BERTH_STORE", cause: error)
        }
        throw StoreError(
            .cannotCreate,
            "there is something already at " + path + " that is not shared with group "
                + String(group) + "; name another place with --store or BERTH_STORE")
    }

    private static func give(
        _ directory: FileDescriptor, _ path: String, to group: UInt32
    ) throws(SystemError) {
        try FileCalls.setGroup(of: directory, to: group)
        try FileCalls.setPermissions(of: directory, to: 0o2770)
        // Who is no member of a group cannot hand it down: that is not an error.
        guard try FileCalls.status(of: directory).isShared else {
            throw SystemError("fchmod", .notPermitted)
        }
        let above = try FileCalls.openDirectory(parent(of: path))
        defer { FileCalls.close(above) }
        try FileCalls.flushDirectory(above)
    }

    private static func remove(_ path: String) {
        guard let above = try? FileCalls.openDirectory(parent(of: path)) else { return }
        defer { FileCalls.close(above) }
        let name = path.utf8.split(separator: UInt8(ascii: "/")).last.map { String($0) } ?? nil
        if let name { try? FileCalls.removeDirectory(name, in: above) }
    }

    /// Refuses a place to which the members of a group cannot come.
    private static func checkReachable(
        _ path: String, by group: UInt32
    ) throws(StoreError) {
        var above = parent(of: path)
        while true {
            let status: FileStatus
            do throws(SystemError) {
                status = try FileCalls.status(ofPath: above)
            } catch {
                throw StoreError(
                    .cannotCreate,
                    "cannot make the store " + path + " in " + above + ": "
                        + error.errno.description + "; make that directory first", cause: error)
            }
            let isOpen =
                status.permissions & 0o001 != 0
                || status.group == group && status.permissions & 0o010 != 0
            if !isOpen {
                throw StoreError(
                    .permission,
                    "group " + String(group) + " cannot come to " + path + ": " + above
                        + " is closed to it; open that directory, or name another place with "
                        + "--store or BERTH_STORE")
            }
            let next = parent(of: above)
            if next == above || above == "." { return }
            above = next
        }
    }
}
