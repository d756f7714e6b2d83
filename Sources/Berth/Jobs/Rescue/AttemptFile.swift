// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The file that stands for an attempt that is made by a command, kept locked
/// by its worker and by the command itself: as long as either lives, the
/// attempt is not over.
///
/// It lies beside the presence of the worker, and is only asked for when that
/// one has died, or lost the job. A crash before the lock leaves a file without
/// one: no command was started. One between the start and the writing of its
/// pid leaves a locked file that does not say by whom: then those are the
/// command that keep it locked. See ``OrphanedCommand``.
struct AttemptFile {
    let name: String
    let file: FileDescriptor
    private let folder: PresenceFolder

    static func name(_ member: String, _ id: JobID, _ token: UInt64) -> String {
        member + "." + id.description + "-" + String(token)
    }

    /// Makes and locks the file, before the command is started.
    init(
        of member: String, _ id: JobID, _ token: UInt64, in folder: PresenceFolder
    ) throws(CoordinatorError) {
        let name = Self.name(member, id, token)
        self.name = name
        self.folder = folder
        file = try folder.folder.calling("cannot begin an attempt") { () throws(SystemError) in
            let file = try FileCalls.open(name, in: folder.folder.directory, .creatingNew)
            do throws(SystemError) {
                // Whoever looks at it has it for a moment.
                _ = try FileCalls.lock(file, .exclusive, waiting: true)
                let high = try FileCalls.duplicateHigh(file)
                FileCalls.close(file)
                return high
            } catch {
                folder.folder.remove(name)
                FileCalls.close(file)
                throw error
            }
        }
    }

    /// Writes down which process the command is, as well as the disk allows.
    func note(_ process: Int32) {
        guard case .found(let facts) = ProcessTable.observe(process) else { return }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("pid", process)
        writer.member("start", facts.start)
        if let instance = facts.instance { writer.member("instance", instance) }
        writer.endObject()
        try? FileCalls.writeAll(file, writer.bytes, at: 0)
    }

    /// The command has ended, or was never started. Unlocked, not only closed:
    /// what it left in the background would keep it locked.
    func end() {
        try? FileCalls.unlock(file)
        folder.folder.remove(name)
        FileCalls.close(file)
    }
}
