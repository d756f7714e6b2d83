// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Judges which holdings of a pool have come to their end.
struct PoolJudge {
    let reservations: ReservationJudge
    /// Where the tickets of running holders are; nil where there are none.
    private let folder: LockFolder?
    private let inode: UInt64?

    /// Judges by this machine as it is now.
    init(of name: PoolName, in store: String) throws(CoordinatorError) {
        reservations = .live
        folder = try LockFolder.open(name.holders, in: store, creating: false)
        inode = try folder.map { (folder) throws(CoordinatorError) in
            try folder.calling("cannot look into") { () throws(SystemError) in
                try FileCalls.status(of: folder.directory).identity.inode
            }
        }
    }

    /// The ticket that a sign stands for, and where it is; nil where that is
    /// another store's.
    private func ticket(_ sign: PoolSign) -> (Ticket, LockFolder)? {
        guard let folder, sign.folder == inode else { return nil }
        return (.sign(sign.number), folder)
    }

    /// The sign that a ticket of this store is.
    func sign(_ number: UInt64) throws(CoordinatorError) -> PoolSign {
        guard let inode else {
            throw CoordinatorError(
                .moved, "the store has been moved while it was used; try again")
        }
        return PoolSign(number: number, folder: inode)
    }

    /// Why a holding is no more; nil where it goes on, and where that cannot
    /// be told.
    ///
    /// While a process has the items, they do not follow the directory: it
    /// uses them wherever it is.
    func end(of holding: PoolHolding) throws(CoordinatorError) -> ReservationEnd? {
        if let sign = holding.sign {
            guard let (ticket, folder) = ticket(sign) else { return .processEnded }
            return try folder.standing(of: ticket).isLive ? nil : .processEnded
        }
        if let end = try reservations.end(of: holding.terms) { return end }
        if let days = holding.idleDays, reservations.isIdle(since: holding.used, days: days) {
            return .idle
        }
        if holding.followsDirectory, holding.terms.holder == nil, let path = holding.path,
            reservations.isGone(path)
        {
            return .directoryGone
        }
        return nil
    }

    /// Whether a holding is that of a command which runs this one, by the
    /// entries it left; see ``HeldLocks``.
    func isAbove(_ holding: PoolHolding, _ entries: String) throws(CoordinatorError) -> Bool {
        guard !entries.isEmpty, let (ticket, folder) = holding.sign.flatMap({ ticket($0) }) else {
            return false
        }
        return try HeldLocks.contain(ticket.number, of: folder, entries)
    }

    /// The process that has the items of a holding, for people; nil where it
    /// is not known.
    func holder(of holding: PoolHolding) throws(CoordinatorError) -> LockListing.Entry? {
        guard let (ticket, folder) = holding.sign.flatMap({ ticket($0) }) else { return nil }
        let here = try folder.calling("cannot look into") { () throws(SystemError) in
            try Holder.Surroundings.current()
        }
        let view = try folder.view(of: ticket)
        return LockListing.Entry(
            view, folder.details(of: view.ticket), isHolder: true, from: here)
    }

    /// Watches who has the items of a holding. A lease is heard of by nobody.
    func watch(_ holding: PoolHolding, _ watch: inout LockWatch) throws(CoordinatorError) {
        if let sign = holding.sign {
            guard let (ticket, folder) = ticket(sign) else { return }
            watch.add(try folder.view(of: ticket), folder)
        } else if let holder = holding.terms.holder {
            watch.add(holder.process)
        }
    }
}

extension Ticket {
    /// The ticket of one who only shows that it lives.
    static func sign(_ number: UInt64) -> Ticket {
        Ticket(number: number, mode: .shared, isForProcess: false)
    }
}
