// SPDX-License-Identifier: Apache-2.0

package import BerthStore

extension LockService {
    /// Who holds a lock, and who waits for it. One that was never used is free.
    package func listing(of name: LockName) throws(CoordinatorError) -> LockListing {
        guard let folder = try LockFolder.open(name, in: path, creating: false) else {
            return .free(name)
        }
        return try .of(folder)
    }

    /// All locks that were ever used, by name.
    package func listings() throws(CoordinatorError) -> [LockListing] {
        var listings: [LockListing] = []
        for folder in try folders() { listings.append(try .of(folder)) }
        return listings.sorted { $0.name.text.utf8.lexicographicallyPrecedes($1.name.text.utf8) }
    }

    /// The folders of all locks.
    func folders() throws(CoordinatorError) -> [LockFolder] {
        guard let directory = try LockDirectory.open(path, creating: false) else { return [] }
        var folders: [LockFolder] = []
        for name in try directory.folders() {
            if let folder = try directory.open(folder: name) { folders.append(folder) }
        }
        return folders
    }

    /// Waits until nobody holds a lock, or stands in line for it. Blocks the
    /// current thread.
    ///
    /// The last in line is watched: none before it can leave the lock free.
    ///
    /// - Returns: Whether it was free before the deadline.
    package func waitUntilFree(
        _ name: LockName, until deadline: Deadline?
    ) throws(CoordinatorError) -> Bool {
        guard let folder = try LockFolder.open(name, in: path, creating: false) else {
            return true
        }
        // How often in a row a wake-up changed nothing.
        var vain = 0
        var previous: TicketView?
        while true {
            guard let last = try folder.lastLiving() else { return true }
            if deadline?.isPast == true { return false }
            if last != previous { vain = 0 }
            previous = last
            let pause = Deadline(after: .milliseconds(1 << min(vain, 8)))
            if vain > 0 { _ = try folder.poll([], until: .sooner(deadline, pause)) }
            let watch = LockWatch([last], folder)
            if try folder.standing(of: last.ticket) != last.standing { continue }
            var limit = watch.isComplete ? deadline : .sooner(deadline, pause)
            if let lease = last.lease {
                limit = .sooner(limit, Deadline(after: lease.nextLook(at: Clock.boot)))
            }
            let isRung = try folder.poll(watch.files, until: limit)
            vain = isRung || !watch.isComplete ? vain + 1 : 0
        }
    }
}

extension LockFolder {
    /// Waits until one of some descriptors is ready; returns whether one is.
    fileprivate func poll(
        _ files: [FileDescriptor], until limit: Deadline?
    ) throws(CoordinatorError) -> Bool {
        try calling("cannot wait for") { () throws(SystemError) in
            try Poll.wait(files, until: limit) != nil
        }
    }

    /// The last in line of those that live.
    fileprivate func lastLiving() throws(CoordinatorError) -> TicketView? {
        for ticket in try tickets().sorted(by: { $0.number > $1.number }) {
            let view = try view(of: ticket)
            if view.standing.isLive { return view }
        }
        return nil
    }
}
