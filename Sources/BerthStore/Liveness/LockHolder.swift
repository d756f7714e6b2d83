// SPDX-License-Identifier: Apache-2.0

/// Who keeps others waiting, for people to read.
package enum LockHolder {
    /// The process that holds an exclusive `flock` on a file, and whether it
    /// is stopped; "another process" where the system does not tell.
    ///
    /// A hint, which nothing may be decided by: a child may hold what its
    /// parent, who is named, has locked.
    package static func text(of file: FileIdentity) -> String {
        guard let process = ProcessTable.lockHolder(of: file) else { return "another process" }
        let text = "process " + String(process)
        guard case .found(let facts) = ProcessTable.observe(process) else { return text }
        if facts.isStopped {
            return text + ", which is stopped (resume it: kill -CONT " + String(process) + "),"
        }
        return text + " (state " + String(UnicodeScalar(facts.state)) + ")"
    }
}
