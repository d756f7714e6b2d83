// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Who holds a lock and who waits for it, at one moment. It may be old news
/// when it is read.
package struct LockListing: Hashable, Sendable {
    package enum State: Hashable, Sendable {
        case free, held
        /// The command that was run under the lock goes on; the process that
        /// ran it has died.
        case orphaned
    }

    /// One contender, or what is left of one.
    package struct Entry: Hashable, Sendable {
        package let ticket: Ticket
        /// Nil where it is not known.
        package let details: TicketDetails?
        /// Whether it holds the lock, or one slot of it.
        package let isHolder: Bool
        /// Whether its holder is a process: one for which the lock was taken.
        package let isProcess: Bool
        /// How much of its lease is left, in nanoseconds; nil without one.
        package let leaseRest: UInt64?
        /// The process that holds the lock, or waits for it; nil where it is
        /// not known, or is proven to have ended and has left the lock to another.
        package let process: Int32?
        /// The process that ran the command, where it has died and the command
        /// goes on; else nil.
        package let deadWrapper: Int32?

        init(
            _ view: TicketView, _ details: TicketDetails?, isHolder: Bool,
            from here: Holder.Surroundings
        ) {
            ticket = view.ticket
            self.details = details
            self.isHolder = isHolder
            if case .granted = view.standing { isProcess = true } else { isProcess = false }
            let now = Clock.boot
            leaseRest = view.lease?.end.map { $0 > now ? $0 - now : 0 }
            // The ticket itself names some, where the details found no room.
            process =
                [details?.childHolder, details?.holder, view.holder]
                .compactMap { $0 }
                .first { HolderStatus.of($0, from: here) != .dead }?
                .process
            if let holder = details?.holder, view.standing == .guarded,
                HolderStatus.of(holder, from: here) == .dead
            {
                deadWrapper = holder.process
            } else {
                deadWrapper = nil
            }
        }

        package var command: String { details?.command ?? "" }
        /// When the lock was granted, or its wait began: milliseconds since 1970.
        package var since: Int64? { details?.since ?? details?.taken }
    }

    package let name: LockName
    /// The living, in line: the first holder first.
    package let entries: [Entry]
    /// The tickets that the dead have left, and those whose lease has ended.
    package let stale: [Entry]

    /// All those that hold the lock: more than one where it is shared or has slots.
    package var holders: [Entry] { entries.filter { $0.isHolder } }
    package var waiters: [Entry] { entries.filter { !$0.isHolder } }
    /// The first in line.
    package var holder: Entry? { entries.first }

    package var state: State {
        guard let holder else { return .free }
        return holder.deadWrapper == nil ? .held : .orphaned
    }

    /// That of a lock that was never used.
    static func free(_ name: LockName) -> LockListing {
        LockListing(name: name, entries: [], stale: [])
    }

    /// Looks at every ticket. Takes no lock, and changes nothing.
    static func of(_ folder: LockFolder) throws(CoordinatorError) -> LockListing {
        let here = try folder.surroundings()
        let gate = try folder.calling("cannot look into") { () throws(SystemError) in
            try Gate.state(in: folder.directory)
        }
        let isOfThisBoot = gate?.boot == here.boot
        var entries: [Entry] = []
        var stale: [Entry] = []
        var live: [Ticket] = []
        for ticket in try folder.tickets().sorted(by: { $0.number < $1.number }) {
            let view = try folder.view(of: ticket)
            switch view.standing {
            case .gone:
                continue
            case .dead, .ended:
                stale.append(Entry(view, folder.details(of: ticket), isHolder: false, from: here))
                continue
            case .granted:
                // Under another boot nobody's word is taken for it.
                if !isOfThisBoot { continue }
            case .guarded:
                break
            }
            let isHolder = ticket.turn(among: live) { _ in true } == .enter
            live.append(ticket)
            entries.append(Entry(view, folder.details(of: ticket), isHolder: isHolder, from: here))
        }
        return LockListing(name: folder.name, entries: entries, stale: stale)
    }
}

/// Whom a contender waits for.
package struct LockObstacle: Hashable, Sendable {
    package let name: LockName
    /// How many tickets there are ahead.
    package let place: Int
    /// The first in line: the holder of the lock.
    package let holder: LockListing.Entry

    /// Nil where nobody is ahead any more.
    init?(aheadOf ticket: Ticket, in folder: LockFolder) throws(CoordinatorError) {
        let line = try LockListing.of(folder).entries.filter { $0.ticket.number < ticket.number }
        guard let holder = line.first else { return nil }
        self.holder = holder
        name = folder.name
        place = line.count
    }
}
