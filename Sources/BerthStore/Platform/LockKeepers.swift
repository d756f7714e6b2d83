// SPDX-License-Identifier: Apache-2.0

/// The processes that keep a file locked.
package enum LockKeepers {
    /// The processes that have open the description by which a file was locked
    /// for itself alone: the one that locked it, and all that were given it.
    /// Those of other users, and of other namespaces, are not seen.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - name: Its name, which no other file of the machine has: only what
    ///     has that name is looked at.
    /// - Returns: Their pids, in no order.
    /// - Complexity: O(n) in the number of open files of the machine.
    package static func all(of file: FileIdentity, named name: String) -> [Int32] {
        ProcessTable.all().filter { keeps($0, file, named: name) }
    }
}
