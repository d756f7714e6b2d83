// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension PortLedger {
    /// Reserves the ports of a group, or renews them where the directory has
    /// them already and they fit. Those that do not fit are refused, or
    /// replaced where that is asked for.
    mutating func reserve(
        _ request: PortGroupRequest, isOccupied: (Int) throws -> Bool
    ) throws -> [PortReservation] {
        try request.validate()
        let services = request.group.services
        var present: [PortReservation?] = []
        for service in services {
            let owner = PortOwner(normalized: request.path, tag: service.tag)
            present.append(try standing(of: owner))
        }
        let known = try group(of: request.path)
        let members = present.compactMap { $0 }
        if members.isEmpty && known.isEmpty {
            return try reserveAnew(request, present, isOccupied)
        }
        let hasAll = members.count == services.count
        let isSame = known.isEmpty || known == services.map(\.tag)
        if hasAll && isSame && request.group.fits(members.map(\.port)) {
            return try renewAll(request, members)
        }
        guard request.replaces else { throw Self.misfit(request, present, known) }
        for member in members { try end(member, because: .replaced) }
        for tag in known {
            let owner = PortOwner(normalized: request.path, tag: tag)
            if let former = try record(of: owner) { try end(former, because: .replaced) }
        }
        return try reserveAnew(request, present, isOccupied)
    }

    /// The reservation of an owner, unless it is at its end: then it is ended.
    private mutating func standing(of owner: PortOwner) throws -> PortReservation? {
        guard let present = try record(of: owner) else { return nil }
        guard let reason = try judge.end(of: present.terms) else { return present }
        try end(present, because: reason)
        return nil
    }

    private mutating func renewAll(
        _ request: PortGroupRequest, _ members: [PortReservation]
    ) throws -> [PortReservation] {
        let rule = StickyLabels(
            allowsProjectChange: request.allowsProjectChange || request.replaces,
            allowsTaskChange: request.allowsTaskChange || request.replaces)
        var renewed: [PortReservation] = []
        for member in members {
            var changed = member
            changed.project = request.project.applied(to: member.project)
            changed.task = request.task.applied(to: member.task)
            changed.used = judge.now
            try rule.check(member, changed)
            try renew(changed)
            try joinGroup(changed)
            renewed.append(changed)
        }
        return renewed
    }

    /// Reserves ports for services that have none. Where they do not fit into
    /// the range, reservations that nobody needs any more are ended, and it is
    /// looked once more.
    private mutating func reserveAnew(
        _ request: PortGroupRequest, _ former: [PortReservation?],
        _ isOccupied: (Int) throws -> Bool
    ) throws -> [PortReservation] {
        var ports = try chosen(request, isOccupied)
        if ports == nil {
            try clean(request.cleanup, in: request.range)
            try rebuildTakenPorts()
            ports = try chosen(request, isOccupied)
        }
        guard let ports else { throw CoordinatorError(.unavailable, request.refusal) }
        let repository = GitRepository(containing: request.path)
        var reserved: [PortReservation] = []
        for ((service, port), before) in zip(zip(request.group.services, ports), former) {
            let reservation = PortReservation(
                port: port, path: request.path, tag: service.tag,
                project: request.project.new { before?.project ?? repository?.project },
                task: request.task.new { before?.task ?? repository?.task },
                created: judge.now, used: judge.now)
            try add(reservation)
            try joinGroup(reservation)
            reserved.append(reservation)
        }
        return reserved
    }

    /// The ports that the rule chooses, their own records asked.
    private mutating func chosen(
        _ request: PortGroupRequest, _ isOccupied: (Int) throws -> Bool
    ) throws -> [Int]? {
        var choice = PortGroupChoice(group: request.group, range: request.range)
        choice.excluded = request.excluded
        for isRebuilt in [false, true] {
            choice.taken = try takenPorts()
            for service in request.group.services {
                if let preference = service.preference, try record(of: preference) != nil {
                    choice.taken.insert(preference)
                }
            }
            guard let ports = try choice.ports(isOccupied: isOccupied) else { return nil }
            if try ports.allSatisfy({ try record(of: $0) == nil }) { return ports }
            // An older version of Berth has reserved one without a note.
            if !isRebuilt { try rebuildTakenPorts() }
        }
        return nil
    }

    private static func misfit(
        _ request: PortGroupRequest, _ present: [PortReservation?], _ known: [String]
    ) -> CoordinatorError {
        var parts: [String] = []
        for (service, reservation) in zip(request.group.services, present) {
            parts.append(service.tag + " has " + (reservation.map { String($0.port) } ?? "none"))
        }
        for tag in known where !request.group.services.contains(where: { $0.tag == tag }) {
            parts.append(tag + " is no longer wanted")
        }
        return CoordinatorError(
            .unavailable,
            "the ports of " + request.path + " do not fit its group: "
                + parts.joined(separator: ", ") + "; --force replaces them")
    }

    // MARK: The record of a group

    /// The tags of the group of a directory, in order; none where it has no group.
    func group(of path: String) throws -> [String] {
        guard let record = try base.record(PortRecords.group(path)),
            let fields = JSONFields(record.value),
            let named = fields.string("path"), AbsolutePath.areSame(named, path)
        else { return [] }
        return (fields.array("tags") ?? []).compactMap { JSONScan.string($0) }
    }

    func isInGroup(_ reservation: PortReservation) throws -> Bool {
        guard let tag = reservation.tag else { return false }
        return try group(of: reservation.path).contains(tag)
    }

    mutating func joinGroup(_ reservation: PortReservation) throws {
        guard let tag = reservation.tag else { return }
        let tags = try group(of: reservation.path)
        if tags.contains(tag) { return }
        let sorted = (tags + [tag]).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        try setGroup(of: reservation.path, sorted)
    }

    /// A reservation that ends, or goes elsewhere, is in no group any more.
    mutating func leaveGroup(_ reservation: PortReservation) throws {
        guard let tag = reservation.tag else { return }
        let tags = try group(of: reservation.path)
        guard tags.contains(tag) else { return }
        try setGroup(of: reservation.path, tags.filter { $0 != tag })
    }

    /// `{"path":"/home/me/app","tags":["api","web"]}`
    private mutating func setGroup(of path: String, _ tags: [String]) throws {
        let key = PortRecords.group(path)
        if tags.isEmpty { return base.delete(key) }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("path", path)
        writer.member("tags")
        writer.beginArray()
        for tag in tags { writer.value(tag) }
        writer.endArray()
        writer.endObject()
        try base.set(key, writer.bytes)
    }
}

extension PortGroupRequest {
    /// Why nothing is reserved, and what to do next.
    fileprivate var refusal: String {
        "the ports of the group do not fit from " + String(group.base ?? range.lowerBound)
            + " to " + String(range.upperBound)
            + "; release some, or ask for another range"
    }
}
