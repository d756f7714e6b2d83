// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The narrow place that every new ticket of a lock passes: the file `gate`,
/// held by `flock` for some microseconds, and the counter in it.
///
/// Giving a lock back and listing never take it. It is never unlinked.
///
/// What a crash leaves, step by step: nothing while the gate is waited for; a
/// reservation that nobody trusts, between its writing and its flush; a number
/// that is never used, after the counter was written; a bell without a ticket,
/// before the ticket gets its name. The kernel opens the gate in each case.
struct Gate: ~Copyable {
    private static var fileName: String { "gate" }

    private let folder: LockFolder
    private let lock: FileLock
    private let held: FileLock.Held
    private let file: FileDescriptor
    private let boot: String
    private var state: GateState
    /// Whether no number had been given when it was entered.
    let isNew: Bool

    deinit {
        lock.release(held)
    }

    /// Lets the next one in.
    consuming func leave() {}

    // MARK: Entering

    /// Waits for the gate. Blocks the current thread.
    ///
    /// - Throws: `timedOut` at the deadline: the holder was stopped, since it
    ///   does nothing in there that takes time.
    static func enter(
        _ folder: LockFolder, until deadline: Deadline
    ) throws(CoordinatorError) -> Gate {
        for _ in 0..<10 {
            let lock: FileLock
            let held: FileLock.Held
            do throws(StoreError) {
                lock = try FileLock(storage: SystemStorage()) { () throws(StoreError) in
                    try open(folder)
                }
                held = try lock.acquire(until: deadline)
            } catch {
                throw error.code == .timedOut ? blocked(folder, error) : CoordinatorError(error)
            }
            if try isNamed(held.file, folder) {
                return try enter(folder, lock, held)
            }
            // Removed by hand: whoever looks now finds another file.
            lock.release(held)
        }
        throw CoordinatorError(
            .moved,
            "the lock '" + folder.name.text + "' in " + folder.path
                + " is being removed by somebody; try again")
    }

    private static func enter(
        _ folder: LockFolder, _ lock: FileLock, _ held: FileLock.Held
    ) throws(CoordinatorError) -> Gate {
        do throws(CoordinatorError) {
            let boot = try folder.calling("cannot take") { () throws(SystemError) in
                try MachineIdentity.bootID()
            }
            let file = held.file.descriptor
            if let state = try read(file, folder, boot) {
                return Gate(
                    folder: folder, lock: lock, held: held, file: file, boot: boot, state: state,
                    isNew: false)
            }
            return Gate(
                folder: folder, lock: lock, held: held, file: file, boot: boot,
                state: try begin(folder, boot), isNew: true)
        } catch {
            lock.release(held)
            throw error
        }
    }

    private static func open(_ folder: LockFolder) throws(StoreError) -> OpenFile {
        do throws(SystemError) {
            let file: FileDescriptor
            do throws(SystemError) {
                file = try FileCalls.open(fileName, in: folder.directory, .readingAndWriting)
            } catch let error where error.errno == .noEntry {
                file = try FileCalls.open(fileName, in: folder.directory, .creating)
            }
            let status = try FileCalls.status(of: file)
            if status.isRegular { return OpenFile(descriptor: file, status: status) }
            FileCalls.close(file)
        } catch let error where error.errno == .symbolicLinkLoop || error.errno == .isDirectory {
            // Said below.
        } catch {
            throw .system("cannot take the lock '" + folder.name.text + "'", error)
        }
        throw StoreError(.damaged, folder.planted(fileName).message)
    }

    /// Whether the name still stands for the file that is locked.
    private static func isNamed(
        _ file: OpenFile, _ folder: LockFolder
    ) throws(CoordinatorError) -> Bool {
        do throws(SystemError) {
            let named = try FileCalls.status(ofName: fileName, in: folder.directory)
            return named.identity == file.status.identity
        } catch let error where error.errno == .noEntry {
            return false
        } catch {
            throw .system("cannot take the lock '" + folder.name.text + "'", error)
        }
    }

    private static func blocked(_ folder: LockFolder, _ error: StoreError) -> CoordinatorError {
        let status = try? FileCalls.status(ofName: fileName, in: folder.directory)
        let holder = status.map { LockHolder.text(of: $0.identity) } ?? "another process"
        return CoordinatorError(
            .timedOut,
            holder + " stands in the gate of the lock '" + folder.name.text
                + "' and does not leave it: " + folder.path + "/" + fileName, cause: error.cause)
    }

    // MARK: Numbers

    /// Gives the next number, which no other ticket has had or will have.
    mutating func takeNumber() throws(CoordinatorError) -> UInt64 {
        if state.isExhausted {
            throw CoordinatorError(
                .invalid, "the lock '" + folder.name.text + "' has given its last number")
        }
        if state.boot != boot {
            // Under a new boot whoever does not hold his flock is dead, and
            // what his ticket says is not even read. The new boot is written
            // after that, so a crash in between repeats it.
            for ticket in try folder.tickets() where try !isGuarded(ticket) { folder.sweep(ticket) }
            state.begin(boot: boot)
        }
        if state.needsReservation {
            // Nobody gets a number meanwhile.
            try folder.tidy(folder.contents(), below: .max)
            state.reserve()
            try write()
            try folder.calling("cannot flush the gate of") { () throws(SystemError) in
                try FileCalls.flush(file)
            }
            state.noteFlush()
        }
        let number = state.take()
        try write()
        return number
    }

    /// Goes on behind every number that the folder knows of: it is taken where
    /// the gate has been lost, or was restored from a copy.
    mutating func skipKnownNumbers() throws(CoordinatorError) {
        for ticket in try folder.tickets() { state.skip(to: ticket.number) }
    }

    private func isGuarded(_ ticket: Ticket) throws(CoordinatorError) -> Bool {
        try folder.standing(of: ticket) == .guarded
    }

    private func write() throws(CoordinatorError) {
        let line = state.line(folder.name)
        try folder.calling("cannot write the gate of") { () throws(SystemError) in
            try FileCalls.writeAll(file, line, at: 0)
        }
    }

    /// That of a gate in which nothing stands yet.
    private static func begin(
        _ folder: LockFolder, _ boot: String
    ) throws(CoordinatorError) -> GateState {
        try LockDirectory.flush(folder)
        var state = GateState(boot: boot, after: 0)
        for ticket in try folder.tickets() { state.skip(to: ticket.number) }
        return state
    }

    private static func read(
        _ file: FileDescriptor, _ folder: LockFolder, _ boot: String
    ) throws(CoordinatorError) -> GateState? {
        let bytes = try folder.calling("cannot read the gate of") { () throws(SystemError) in
            try FileCalls.readAll(file, limit: 512)
        }
        // Nothing, or what a power loss makes of a first line that was not
        // flushed: no number has been given yet.
        if bytes.allSatisfy({ $0 == 0 }) { return nil }
        guard let (state, name) = GateState.parse(bytes), name == folder.name.text else {
            throw CoordinatorError(
                .damaged,
                "the gate of the lock '" + folder.name.text + "' is damaged: " + folder.path + "/"
                    + fileName + "; once nobody holds the lock, remove the folder, and know that "
                    + "its tokens begin anew")
        }
        return state
    }

    /// The name of the lock whose folder this is; nil where it is not one.
    static func lockName(in directory: FileDescriptor) throws(SystemError) -> String? {
        try content(in: directory)?.name
    }

    /// What the gate says at this moment, to one who only looks; nil where
    /// there is none, or it is being written.
    static func state(in directory: FileDescriptor) throws(SystemError) -> GateState? {
        try content(in: directory)?.state
    }

    private static func content(
        in directory: FileDescriptor
    ) throws(SystemError) -> (state: GateState, name: String)? {
        let file: FileDescriptor
        do throws(SystemError) {
            file = try FileCalls.open(fileName, in: directory, .reading)
        } catch let error where error.errno == .noEntry || error.errno == .symbolicLinkLoop {
            return nil
        }
        defer { FileCalls.close(file) }
        return GateState.parse(try FileCalls.readAll(file, limit: 512))
    }
}
