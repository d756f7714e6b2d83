// SPDX-License-Identifier: Apache-2.0

/// Looks at what a store rests on: its place, its locks, its files.
package struct StoreExamination {
    /// Tries to lock a file, given by its path, from another process; returns
    /// whether it was granted, nil where that could not be found out.
    package typealias LockProbe = (_ path: String) throws(SystemError) -> Bool?

    private let store: Store
    private let directory: StoreDirectory
    private let probe: LockProbe

    /// With less than this, a journal soon cannot be extended.
    private static var leastFree: Int { 16 * 1024 * 1024 }
    /// The names that Berth gives, beside those of runs.
    private static var names: [String] {
        [
            StoreDirectory.lockName, StoreDirectory.journalName, StoreDirectory.newJournalName,
            StoreDirectory.hintName, StoreDirectory.historyName, StoreDirectory.ballastName,
            "locks", "holders", "bells",
            "logs", "config.json",
        ] + MergeKind.allCases.map(\.lockName)
    }

    /// - Throws: `notFound` where there is no store, `permission` and
    ///   `unsafeLocation` where none can be used.
    package init(_ store: Store, probe: @escaping LockProbe) throws(StoreError) {
        let opened = try StoreDirectory.open(store.path, creating: false, store.environment)
        guard let opened else { throw .noStore(store.path) }
        self.store = store
        directory = opened
        self.probe = probe
    }

    /// Looks at everything. What it needs a file for, it removes again.
    package func findings() -> [Finding] {
        [fileSystem(), freeSpace(), directoryPermissions()] + files() + [flock(), content()]
            + leftovers()
    }

    // MARK: The place

    private func fileSystem() -> Finding {
        do throws(SystemError) {
            let facts = try FileCalls.fileSystem(of: directory.descriptor)
            let warning =
                facts.isVolatile ? ", in memory: everything is gone with the power" : ""
            return Finding("file system", isHealthy: true, facts.kind + warning)
        } catch {
            return failure("file system", error)
        }
    }

    private func freeSpace() -> Finding {
        do throws(SystemError) {
            let free = try FileCalls.fileSystem(of: directory.descriptor).free
            let text = String(free / (1024 * 1024)) + " MiB free"
            return free >= Self.leastFree
                ? Finding("free space", isHealthy: true, text)
                : Finding("free space", isHealthy: false, text + "; make room on this disk")
        } catch {
            return failure("free space", error)
        }
    }

    private func directoryPermissions() -> Finding {
        do throws(SystemError) {
            let status = try FileCalls.status(of: directory.descriptor)
            if status.isShared {
                return status.permissions & 0o007 == 0
                    ? Finding(
                        "directory", isHealthy: true, "shared with group " + String(status.group))
                    : Finding(
                        "directory", isHealthy: false,
                        "others than its group can look into it; close it: chmod o-rwx "
                            + store.path)
            }
            return status.permissions & 0o077 == 0
                ? Finding("directory", isHealthy: true, "yours alone")
                : Finding(
                    "directory", isHealthy: false,
                    "others can look into it; close it: chmod 700 " + store.path)
        } catch {
            return failure("directory", error)
        }
    }

    private func files() -> [Finding] {
        var findings: [Finding] = []
        let regular = Self.names.prefix(4)
        do throws(StoreError) {
            for name in try directory.entries() {
                guard
                    regular.contains(name) || name.hasPrefix(StoreDirectory.runPrefix)
                        || name.hasPrefix(StoreDirectory.mergePrefix)
                else { continue }
                if let finding = file(name) { findings.append(finding) }
            }
        } catch {
            return [Finding("files", isHealthy: false, error.message)]
        }
        return findings.isEmpty
            ? [Finding("files", isHealthy: true, "as Berth makes them")] : findings
    }

    /// Nil where the file is as it should be, or gone meanwhile.
    private func file(_ name: String) -> Finding? {
        do throws(StoreError) {
            guard let file = try directory.open(name, .reading) else { return nil }
            directory.storage.close(file.descriptor)
            let path = store.path + "/" + name
            let permissions = file.status.permissions
            if directory.group == nil {
                if permissions & 0o077 == 0 { return nil }
                return Finding(
                    "files", isHealthy: false,
                    "others can open " + name + "; close it: chmod 600 " + path)
            }
            if permissions & 0o067 == 0o060 { return nil }
            return Finding(
                "files", isHealthy: false,
                name + " is not open to the group, or not to it alone: chmod 660 " + path)
        } catch {
            return Finding("files", isHealthy: false, error.message)
        }
    }

    // MARK: Locks

    private static var probePrefix: String { "doctor." }

    /// Removes what an examination that was killed has left.
    private func removeLeftProbes() {
        for name in (try? directory.entries()) ?? [] where name.hasPrefix(Self.probePrefix) {
            let digits = Array(name.utf8)[Self.probePrefix.utf8.count...]
            if let process = Int32(decimal: digits), case .missing = ProcessTable.observe(process) {
                try? FileCalls.unlink(name, in: directory.descriptor)
            }
        }
    }

    /// Whether `flock` keeps a second description and a second process out.
    private func flock() -> Finding {
        removeLeftProbes()
        let name = Self.probePrefix + String(CurrentProcess.identifier)
        do throws(SystemError) {
            let first = try FileCalls.open(name, in: directory.descriptor, .creating)
            defer {
                FileCalls.close(first)
                try? FileCalls.unlink(name, in: directory.descriptor)
            }
            let second = try FileCalls.open(name, in: directory.descriptor, .reading)
            defer { FileCalls.close(second) }
            guard try FileCalls.lock(first, .exclusive, waiting: false) else {
                return lying("a lock that nobody holds is refused")
            }
            if try FileCalls.lock(second, .exclusive, waiting: false) {
                return lying("two descriptions hold one lock")
            }
            let path = store.path + "/" + name
            let whileHeld = try probe(path)
            try FileCalls.unlock(first)
            let afterwards = try probe(path)
            guard let whileHeld, let afterwards else {
                return Finding(
                    "flock", isHealthy: false,
                    "it holds between descriptions; a second process could not be started to try "
                        + "it too")
            }
            if whileHeld { return lying("two processes hold one lock") }
            if !afterwards { return lying("a lock that was given back stays held") }
            return Finding("flock", isHealthy: true, "it holds between two processes")
        } catch {
            return failure("flock", error)
        }
    }

    private func lying(_ what: String) -> Finding {
        Finding(
            "flock", isHealthy: false,
            what + ": this file system cannot hold a store; move it to a local disk")
    }

    // MARK: Content

    private func content() -> Finding {
        do throws(StoreError) {
            let facts = try store.facts()
            return Finding(
                "journal", isHealthy: true,
                "generation " + String(facts.generation) + ", transaction "
                    + String(facts.transaction))
        } catch let error where error.code == .notFound {
            return Finding("journal", isHealthy: true, "not made yet")
        } catch {
            return Finding(
                "journal", isHealthy: false,
                error.message + "; see berth store verify, and berth store salvage")
        }
    }

    /// Under the writers' lock, or what a rotation is at work on would be
    /// taken for something that one has left.
    private func leftovers() -> [Finding] {
        do throws(StoreError) {
            let lock = try FileLock(storage: directory.storage) {
                [directory] () throws(StoreError) in
                guard let file = try directory.open(StoreDirectory.lockName, .reading) else {
                    throw StoreError(.notFound, "there is no lock")
                }
                return file
            }
            let held = try lock.acquire(until: Deadline(after: .seconds(2)))
            defer { lock.release(held) }
            return try strays()
        } catch let error where error.code == .notFound || error.code == .damaged {
            // What is wrong with the journal was said of the journal.
            return []
        } catch let error where error.code == .timedOut {
            return [
                Finding(
                    "writers", isHealthy: false,
                    "one has held the store's lock for 2 s; look for a stopped process")
            ]
        } catch {
            return [Finding("leftovers", isHealthy: false, error.message)]
        }
    }

    private func strays() throws(StoreError) -> [Finding] {
        var findings: [Finding] = []
        if let seen = try StoreInspection.of(directory, store.environment) {
            findings += try seen.leftovers().map { name in
                Finding(
                    "leftovers", isHealthy: false,
                    name + " is what a crash has left; berth store compact removes it")
            }
        }
        for name in try directory.entries()
        where !Self.names.contains(name) && !name.hasPrefix(StoreDirectory.runPrefix)
            && MergeFiles.all(in: [name]).isEmpty
        {
            findings.append(
                Finding(
                    "leftovers", isHealthy: false,
                    name + " is not of Berth; move it out of " + store.path))
        }
        return findings.isEmpty
            ? [Finding("leftovers", isHealthy: true, "none")] : findings
    }

    private func failure(_ subject: String, _ error: SystemError) -> Finding {
        Finding(
            subject, isHealthy: false, "cannot be looked at: " + error.description)
    }
}
