// SPDX-License-Identifier: Apache-2.0

import BerthStore
import Synchronization

/// The command of an attempt whose worker is gone, or has lost it.
///
/// Whether it has ended is told by the file of the attempt: where that says
/// which process it was, by the end of that one, since what it left in the
/// background may hold the file for ever; where it does not, because the worker
/// died before it had written that down, by the lock of the file alone.
final class OrphanedCommand: Sendable {
    private let file: FileDescriptor
    private let folder: PresenceFolder
    private let name: String
    /// The process, where it is known here.
    private let noted: NotedProcess?
    /// Those that may keep the file locked and are not the command: this
    /// process, and the worker where that one lives.
    private let spared: Set<Int32>
    /// The worker lives: then the lock of the file says nothing.
    private let isKeptByWorker: Bool
    /// Woken when the file is free; made by the first wait for that.
    private let release = Mutex<WakeUp?>(nil)

    /// Finds the command of a job's attempt, by its claim and the member that
    /// made it; nil where it has ended, or was never started.
    init?(
        _ claim: JobClaim, of id: JobID, _ member: String, isWorkerAlive: Bool,
        from here: Holder.Surroundings, in folder: PresenceFolder
    ) throws(CoordinatorError) {
        let name = AttemptFile.name(member, id, claim.token)
        let file: FileDescriptor? = try folder.folder.calling("cannot look at an attempt") {
            () throws(SystemError) in
            do throws(SystemError) {
                return try FileCalls.open(name, in: folder.folder.directory, .reading)
            } catch let error where error.errno == .noEntry {
                return nil
            }
        }
        guard let file else { return nil }
        self.file = file
        self.folder = folder
        self.name = name
        let there = claim.holder.surroundings
        // In another namespace the same number is another process.
        let isComparable = there.pidNamespace == here.pidNamespace && here.pidNamespace != 0
        noted =
            isComparable ? NotedProcess((try? FileCalls.readAll(file, limit: 512)) ?? []) : nil
        isKeptByWorker = isWorkerAlive
        var spared: Set = [CurrentProcess.identifier]
        if isWorkerAlive && isComparable { spared.insert(claim.process) }
        self.spared = spared
        if isOver {
            remove()
            return nil
        }
    }

    deinit {
        FileCalls.close(file)
    }

    private func remove() {
        folder.folder.remove(name)
    }

    private var isOver: Bool {
        if (try? FileCalls.lock(file, .shared, waiting: false)) == true { return true }
        if let noted { return !noted.isAlive }
        return isKeptByWorker && keepers().isEmpty
    }

    // MARK: Ending it

    /// How long a killed process is given to be gone.
    private static var killPatience: Duration { .seconds(5) }
    /// How long the end of a command is waited for that cannot be found: one
    /// that is just ending is gone by then.
    private static var blindPatience: Duration { .seconds(1) }

    /// Ends the command: TERM to it and those that it started, and KILL after a
    /// while. Blocks the current thread, at most for the grace and some
    /// seconds more.
    ///
    /// - Returns: Whether it has ended. It has not where it cannot be found, in
    ///   another namespace or as another user's, or cannot be killed.
    func end(grace: Duration) -> Bool {
        var ending = end(by: .terminate, within: grace)
        if ending == .resisted { ending = end(by: .kill, within: Self.killPatience) }
        guard ending == .ended else { return false }
        remove()
        return true
    }

    private enum Ending {
        case ended
        /// It was told to end, and has not.
        case resisted
        /// It goes on, but cannot be found.
        case unseen
    }

    /// Blocks the current thread until the file is free, or a time has passed.
    func waitForRelease(atMost patience: Duration) {
        _ = isReleased(by: Deadline(after: patience))
    }

    private func end(by signal: Signals.Kind, within patience: Duration) -> Ending {
        let deadline = Deadline(after: patience)
        repeat {
            let processes = watched()
            defer { for process in processes { FileCalls.close(process.watch) } }
            if processes.isEmpty {
                let isFree = isOver || isReleased(by: Deadline(after: Self.blindPatience))
                return isFree || isOver ? .ended : .unseen
            }
            for process in processes { process.send(signal) }
            guard Self.haveEnded(processes, by: deadline) else { return .resisted }
            // What they started meanwhile is found the next time.
            if isOver { return .ended }
        } while !deadline.isPast
        return .resisted
    }

    /// A process of the command, and a descriptor that tells its end.
    private struct Watched {
        let process: Int32
        let watch: FileDescriptor

        func send(_ signal: Signals.Kind) {
            if Signals.leadsGroup(process) {
                Signals.send(signal, toGroup: process)
            } else {
                ProcessTable.send(signal, to: process, watchedBy: watch)
            }
        }
    }

    /// The processes of the command that can be found, and watched. Each is
    /// looked at again once it is watched: what has its number by then cannot
    /// give it away unseen.
    private func watched() -> [Watched] {
        let candidates = noted.map { [$0.process] } ?? keepers()
        return candidates.compactMap { process in
            guard let watch = try? ProcessTable.watch(process) else { return nil }
            if noted?.isAlive ?? isKeeper(process) {
                return Watched(process: process, watch: watch)
            }
            FileCalls.close(watch)
            return nil
        }
    }

    private func keepers() -> [Int32] {
        guard let status = try? FileCalls.status(of: file) else { return [] }
        return LockKeepers.all(of: status.identity, named: name)
            .filter { $0 > 1 && !spared.contains($0) }
    }

    private func isKeeper(_ process: Int32) -> Bool {
        guard let status = try? FileCalls.status(of: file) else { return false }
        return LockKeepers.keeps(process, status.identity, named: name)
    }

    private static func haveEnded(_ processes: [Watched], by deadline: Deadline) -> Bool {
        var left = processes.map(\.watch)
        while !left.isEmpty {
            guard let ready = try? Poll.wait(left, until: deadline) else { return false }
            left.remove(at: ready)
        }
        return true
    }

    /// Waits in the kernel, by a thread of its own, which goes on waiting when
    /// the deadline has passed: there is at most one.
    private func isReleased(by deadline: Deadline) -> Bool {
        do throws(SystemError) {
            let wakeUp = try startedRelease()
            return try Poll.wait([wakeUp.reading], until: deadline) != nil
        } catch {
            return false
        }
    }

    private func startedRelease() throws(SystemError) -> WakeUp {
        try release.withLock { release throws(SystemError) in
            if let release { return release }
            let wakeUp = try WakeUp()
            let own = try FileCalls.duplicateHigh(file)
            do throws(SystemError) {
                try Thread.start {
                    let isFree = try? FileCalls.lock(own, .shared, waiting: true)
                    FileCalls.close(own)
                    if isFree == true { wakeUp.wake() }
                }
            } catch {
                FileCalls.close(own)
                throw error
            }
            release = wakeUp
            return wakeUp
        }
    }
}

/// The process that the file of an attempt names.
private struct NotedProcess {
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
