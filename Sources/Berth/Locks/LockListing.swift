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

    /// One living contender.
    package struct Entry: Hashable, Sendable {
        package let ticket: Ticket
        /// Nil where it is not known.
        package let details: TicketDetails?
        /// The process that holds the lock, or waits for it; nil where it is
        /// not known, or is proven to have ended and has left the lock to another.
        package let process: Int32?

        init(_ ticket: Ticket, _ details: TicketDetails?, from here: Holder.Surroundings) {
            self.ticket = ticket
            self.details = details
            process = details.flatMap { details in
                [details.childHolder, details.holder]
                    .compactMap { $0 }
                    .first { HolderStatus.of($0, from: here) != .dead }?
                    .process
            }
        }

        package var command: String { details?.command ?? "" }
        /// When the lock was granted, or its wait began: milliseconds since 1970.
        package var since: Int64? { details?.since ?? details?.taken }
    }

    package let name: LockName
    /// In line: the holder first.
    package let entries: [Entry]
    package let state: State

    package var holder: Entry? { entries.first }
    package var waiters: ArraySlice<Entry> { entries.dropFirst() }

    /// Looks at every ticket. Takes no lock, and changes nothing.
    static func of(_ folder: LockFolder) throws(CoordinatorError) -> LockListing {
        let here = try folder.calling("cannot look into") { () throws(SystemError) in
            try Holder.Surroundings.current()
        }
        let gate = try folder.calling("cannot look into") { () throws(SystemError) in
            try Gate.state(in: folder.directory)
        }
        let isOfThisBoot = gate?.boot == here.boot
        var entries: [Entry] = []
        var isGuarded = false
        for ticket in try folder.tickets().sorted(by: { $0.number < $1.number }) {
            switch try folder.standing(of: ticket) {
            case .gone, .dead:
                continue
            case .granted:
                if !isOfThisBoot { continue }
            case .guarded:
                if entries.isEmpty { isGuarded = true }
            }
            entries.append(Entry(ticket, folder.details(of: ticket), from: here))
        }
        let state: State
        if let holder = entries.first {
            let isOrphaned =
                isGuarded && holder.details.map { HolderStatus.of($0.holder, from: here) } == .dead
            state = isOrphaned ? .orphaned : .held
        } else {
            state = .free
        }
        return LockListing(name: folder.name, entries: entries, state: state)
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
