// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension PortLedger {
    /// Reserves a port, or renews the reservation that the same owner has.
    mutating func reserve(
        _ request: PortRequest, isOccupied: (Int) throws -> Bool
    ) throws -> PortReservation {
        try request.validate()
        let terms = try judge.terms(request.wish)
        guard let present = try record(of: request.owner) else {
            return try reserveNew(request, terms, request.preference, isOccupied)
        }
        if let reason = try judge.end(of: present.terms) {
            // At its end it is no more, but its owner likes to keep the port.
            try end(present, because: reason)
            return try reserveNew(request, terms, request.preference ?? present.port, isOccupied)
        }
        var renewed = try relabelled(present, request)
        renewed.terms = try Self.terms(terms, of: present)
        renewed.used = judge.now
        if request.overwrites {
            renewed.port = try port(request, request.preference, own: present.port, isOccupied)
        } else if request.isExact && request.preference != present.port {
            throw CoordinatorError(
                .unavailable,
                request.owner.path + " has port " + String(present.port)
                    + " already; release it first, or overwrite it")
        }
        if renewed.port == present.port {
            try renew(renewed)
        } else {
            try move([(present, renewed)])
        }
        return renewed
    }

    private mutating func reserveNew(
        _ request: PortRequest, _ terms: ReservationTerms, _ preference: Int?,
        _ isOccupied: (Int) throws -> Bool
    ) throws -> PortReservation {
        let port = try port(request, preference, own: nil, isOccupied)
        let repository = GitRepository(containing: request.owner.path)
        let reservation = PortReservation(
            port: port, path: request.owner.path, tag: request.owner.tag,
            project: request.project.new { repository?.project },
            task: request.task.new { repository?.task }, created: judge.now, used: judge.now,
            terms: terms)
        try add(reservation)
        return reservation
    }

    // MARK: What is kept

    /// A reservation with the project and the task that are asked for.
    private func relabelled(
        _ present: PortReservation, _ request: PortRequest
    ) throws(CoordinatorError) -> PortReservation {
        var changed = present
        changed.project = request.project.applied(to: present.project)
        changed.task = request.task.applied(to: present.task)
        try StickyLabels(
            allowsProjectChange: request.allowsProjectChange,
            allowsTaskChange: request.allowsTaskChange
        ).check(present, changed)
        return changed
    }

    /// New terms replace those that were; no terms leave them. While the
    /// process of the old ones lives, another is refused: the port would be
    /// taken from the one when the other ends.
    private static func terms(
        _ wanted: ReservationTerms, of present: PortReservation
    ) throws(CoordinatorError) -> ReservationTerms {
        if let holder = wanted.holder, let other = present.terms.holder,
            !holder.isSameProcess(as: other)
        {
            throw CoordinatorError(
                .busy,
                "port " + String(present.port) + " of " + present.owner.description
                    + " is held for process " + String(other.process)
                    + "; use another tag for another process")
        }
        var terms = present.terms
        if let holder = wanted.holder { terms.holder = holder }
        if let lease = wanted.lease { terms.lease = lease }
        return terms
    }

    // MARK: Choosing

    /// A free port for a request. Where the range has none left, reservations
    /// that nobody needs any more are ended, and it is looked once more.
    private mutating func port(
        _ request: PortRequest, _ preference: Int?, own: Int?,
        _ isOccupied: (Int) throws -> Bool
    ) throws -> Int {
        var choice = PortChoice(range: request.range, preference: preference)
        choice.isExact = request.isExact
        choice.excluded = request.excluded
        choice.ignoresExclusions = request.ignoresExclusions
        choice.ignoresOccupied = request.ignoresOccupied
        if let preference { try endIfOver(preference, but: own) }
        if let port = try chosen(choice, own: own, isOccupied) { return port }
        if !request.isExact {
            try clean(request.cleanup, in: request.range, but: own)
            try rebuildTakenPorts()
            if let port = try chosen(choice, own: own, isOccupied) { return port }
        }
        throw CoordinatorError(.unavailable, request.refusal)
    }

    /// The port that the rule chooses, its own record asked.
    private mutating func chosen(
        _ choice: PortChoice, own: Int?, _ isOccupied: (Int) throws -> Bool
    ) throws -> Int? {
        var choice = choice
        for isRebuilt in [false, true] {
            choice.taken = try takenPorts()
            if let own { choice.taken.remove(own) }
            if let preference = choice.preference, preference != own,
                try record(of: preference) != nil
            {
                choice.taken.insert(preference)
            }
            guard let port = try choice.port(isOccupied: isOccupied) else { return nil }
            if try port == own || record(of: port) == nil { return port }
            // An older version of Berth has reserved it without a note.
            if !isRebuilt { try rebuildTakenPorts() }
        }
        return nil
    }

    /// Ends the reservation of a port whose process or lease has ended.
    private mutating func endIfOver(_ port: Int, but own: Int?) throws {
        guard port != own, let present = try record(of: port),
            let reason = try judge.end(of: present.terms)
        else { return }
        try end(present, because: reason)
    }
}

extension PortRequest {
    /// Why nothing is reserved, and what to do next.
    fileprivate var refusal: String {
        if isExact, let preference {
            return "port " + String(preference) + " is not free; without --exact another is taken"
        }
        return "no port is free from " + String(range.lowerBound) + " to "
            + String(range.upperBound) + "; release one, or ask for another range"
    }
}
