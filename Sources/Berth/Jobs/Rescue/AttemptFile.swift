// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The file that stands for an attempt that is made by a command, kept locked
/// by its worker and by the command itself: as long as either lives, the
/// attempt is not over.
///
/// It lies beside the presence of the worker, and is only asked for when that
/// one has died. A crash before the lock leaves a file without one: no command
/// was started. One between the start and the writing of its pid leaves a
/// locked file that does not say by whom: its end is waited for, and not
/// brought about.
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
                _ = try FileCalls.lock(file, .exclusive, waiting: false)
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

/// The command of an attempt whose worker is gone.
struct OrphanedCommand {
    let file: FileDescriptor
    private let folder: PresenceFolder
    private let name: String
    /// The process, where it is known.
    private let command: Command?

    /// Finds the command of an attempt; nil where it has ended, or was never
    /// started.
    init?(
        _ member: String, _ id: JobID, _ token: UInt64, in folder: PresenceFolder
    ) throws(CoordinatorError) {
        let name = AttemptFile.name(member, id, token)
        let file: FileDescriptor? = try folder.folder.calling("cannot look at an attempt") {
            () throws(SystemError) in
            do throws(SystemError) {
                return try FileCalls.open(name, in: folder.folder.directory, .reading)
            } catch let error where error.errno == .noEntry {
                return nil
            }
        }
        guard let file else { return nil }
        let isOver = (try? FileCalls.lock(file, .shared, waiting: false)) ?? false
        command = Command((try? FileCalls.readAll(file, limit: 512)) ?? [])
        self.file = file
        self.folder = folder
        self.name = name
        // What the command left in the background may hold the file for ever:
        // once it is known which process it was, its own end is what counts.
        if isOver || command?.isAlive == false {
            remove()
            return nil
        }
    }

    private struct Command {
        let process: Int32
        private let start: UInt64
        private let instance: UInt64?

        init?(_ bytes: [UInt8]) {
            guard let fields = JSONFields(bytes), let process: Int32 = fields.integer("pid"),
                let start: UInt64 = fields.integer("start"), process > 1
            else { return nil }
            self.process = process
            self.start = start
            instance = fields.integer("instance")
        }

        /// Whether the process of that number is still the same one.
        var isAlive: Bool {
            switch ProcessTable.observe(process) {
            case .missing: return false
            case .unreadable: return true
            case .found(let facts):
                if let instance, let now = facts.instance, instance != now { return false }
                return !facts.isZombie && facts.start == start
            }
        }
    }

    /// Ends the command, and returns when it has ended: TERM to it and those
    /// that it started, and KILL after a while. Blocks the current thread.
    func end(grace: Duration) {
        if let command, let watch = try? ProcessTable.watch(command.process) {
            defer { FileCalls.close(watch) }
            // Looked at again now that it is watched: what has this number now
            // cannot give it away unseen.
            if command.isAlive {
                Signals.send(.terminate, toGroup: command.process)
                let ready = try? Poll.wait([watch], until: Deadline(after: grace))
                if ready == nil {
                    Signals.send(.kill, toGroup: command.process)
                    _ = try? Poll.wait([watch], until: nil)
                }
            }
        } else if command == nil {
            _ = try? FileCalls.lock(file, .shared, waiting: true)
        }
        remove()
    }

    private func remove() {
        folder.folder.remove(name)
        FileCalls.close(file)
    }
}
