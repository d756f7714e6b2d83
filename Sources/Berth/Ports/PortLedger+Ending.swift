// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension PortLedger {
    /// Ends what a selection covers, which must not be nothing.
    mutating func release(_ selection: PortSelection) throws {
        var covered: [PortReservation] = []
        if case .exactly(let tag) = selection.tags, !selection.isRecursive {
            let owner = PortOwner(normalized: selection.path, tag: tag)
            if let present = try record(of: owner) { covered.append(present) }
        } else {
            try visit { if selection.covers($0) { covered.append($0) } }
        }
        if covered.isEmpty { throw selection.absence }
        for reservation in covered { try end(reservation, because: .released) }
    }

    /// Ends the reservations of a range of ports that a clean-up is about,
    /// save one of them.
    mutating func clean(
        _ cleanup: PortCleanup, in range: ClosedRange<Int> = PortSet.all, but own: Int? = nil
    ) throws {
        var doomed: [(PortReservation, ReservationEnd)] = []
        try visit(in: range) { reservation in
            guard reservation.port != own, let reason = try cleanup.end(of: reservation, judge)
            else { return }
            doomed.append((reservation, reason))
        }
        for (reservation, reason) in doomed { try end(reservation, because: reason) }
    }

    /// The same for some ports alone, each judged once more: one that was
    /// asked for or given out anew since it was found stays.
    mutating func clean(_ cleanup: PortCleanup, among ports: [Int]) throws {
        for port in ports {
            if let reservation = try record(of: port),
                let reason = try cleanup.end(of: reservation, judge)
            {
                try end(reservation, because: reason)
            }
        }
    }

    /// Gives the reservations of one directory to another, and with them those
    /// of the directories below it where that is asked for: all or none.
    mutating func migrate(_ migration: PortMigration) throws {
        var moves: [(from: PortReservation, to: PortReservation)] = []
        try visit { reservation in
            guard let path = migration.destination(of: reservation.path) else { return }
            var moved = reservation
            moved.path = path
            moves.append((reservation, moved))
        }
        if moves.isEmpty {
            throw CoordinatorError(.notFound, migration.source + " has no port to migrate")
        }
        // What stands where another goes to, and does not go itself.
        let leaving = PortSet(moves.map { $0.0.port })
        for (_, after) in moves {
            guard let present = try record(of: after.owner), !leaving.contains(present.port) else {
                continue
            }
            guard migration.replaces else {
                throw CoordinatorError(
                    .unavailable,
                    after.owner.description + " has port " + String(present.port)
                        + " already; --force ends that reservation")
            }
            try end(present, because: .replaced)
        }
        try move(moves)
    }
}
