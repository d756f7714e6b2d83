// SPDX-License-Identifier: Apache-2.0

package import BerthStore

extension SimulatedProcess: StorageBackend {
    package func lock(
        _ file: FileDescriptor, _ mode: LockMode, waiting: Bool
    ) throws(SystemError) -> Bool {
        guard let director = disk.director else {
            return try attemptLock(file, mode, waiting: waiting)
        }
        while try !attemptLock(file, mode, waiting: false) {
            if !waiting, countRefusal(file) < 3 { return false }
            // Who keeps asking may as well not get a turn until there is something to get.
            director.wait(of: self) { self.isDead || self.isFree(file, mode) }
        }
        forgetRefusals(file)
        return true
    }

    /// No time passes here: the deadline is never reached.
    package func lock(
        _ file: FileDescriptor, _ mode: LockMode, until deadline: Deadline
    ) throws(SystemError) -> Bool? {
        try lock(file, mode, waiting: true)
    }

    private func isFree(_ file: FileDescriptor, _ mode: LockMode) -> Bool {
        disk.withState { _ in
            disk.descriptions[file.rawValue].map { !isTaken(file, $0.number, mode) } ?? true
        }
    }

    /// Whether another description has a lock that excludes this one.
    private func isTaken(_ file: FileDescriptor, _ number: Int, _ mode: LockMode) -> Bool {
        disk.descriptions.contains { descriptor, other in
            descriptor != file.rawValue && other.number == number
                && (other.lock == .exclusive || (other.lock != nil && mode == .exclusive))
        }
    }

    private func attemptLock(
        _ file: FileDescriptor, _ mode: LockMode, waiting: Bool
    ) throws(SystemError) -> Bool {
        try perform(.lock, describe(file)) { _, _ throws(SystemError) in
            let own = try self.description(file, .lock)
            while self.isTaken(file, own.number, mode) {
                guard waiting else { return false }
                guard self.disk.allowsWaiting else {
                    self.disk.violate("waiting for ever for the lock of " + own.name)
                    throw self.fail(.lock, .noLocks)
                }
                _ = self.disk.monitor.wait(until: nil)
            }
            self.disk.descriptions[file.rawValue]?.lock = mode
            return true
        }
    }

    package func unlock(_ file: FileDescriptor) throws(SystemError) {
        try perform(.unlock, describe(file)) { _, _ throws(SystemError) in
            _ = try self.description(file, .unlock)
            self.disk.descriptions[file.rawValue]?.lock = nil
            self.disk.monitor.broadcast()
        }
    }

    /// Only the holder of the exclusive lock changes the journal.
    func requireLock(in directory: Int, _ action: String, _ state: DiskState) {
        let lock = state.directories[directory]?.entries["lock"]
        let isHeld = disk.descriptions.values.contains {
            $0.process == ObjectIdentifier(self) && $0.number == lock && $0.lock == .exclusive
        }
        if !isHeld { disk.violate(action + " without the writers' lock") }
    }
}
