// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// What the commands of a job have written: a file for each job, to which each
/// attempt adds.
package enum JobLog {
    /// Where the log of a job is, whether there is one or not.
    package static func path(_ id: JobID, in store: String) -> String {
        store + "/logs/" + name(id)
    }

    private static func name(_ id: JobID) -> String { id.description + ".log" }

    /// Opens the log of a job to add to it.
    static func open(_ id: JobID, in store: String) throws(CoordinatorError) -> FileDescriptor {
        guard let folder = try StoreFolder.open("logs", of: store, creating: true) else {
            throw CoordinatorError(.cannotCreate, "cannot make the store " + store)
        }
        return try folder.calling("cannot open the log of a job") { () throws(SystemError) in
            try FileCalls.openLog(name(id), in: folder.directory)
        }
    }

    /// Removes the logs of jobs, as far as they have any.
    static func remove(_ ids: [JobID], in store: String) {
        if ids.isEmpty { return }
        guard let folder = try? StoreFolder.open("logs", of: store, creating: false) else { return }
        for id in ids { folder.remove(name(id)) }
    }
}
