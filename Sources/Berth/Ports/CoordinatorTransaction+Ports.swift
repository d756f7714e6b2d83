// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension CoordinatorTransaction {
    /// Reserves a port, or renews the reservation that the same directory and
    /// tag have: they keep their port, whatever else is asked for.
    ///
    /// - Throws: ``CoordinatorError`` with `unavailable` where no port is free.
    public mutating func reservePort(_ request: PortRequest) throws -> PortReservation {
        try reservePort(request, at: Clock.wallMilliseconds, isOccupied: PortProbe.isOccupied)
    }

    mutating func reservePort(
        _ request: PortRequest, at now: Int64,
        isOccupied: (Int) throws(SystemError) -> Bool
    ) throws -> PortReservation {
        if let present = try portReservation(of: request.owner) {
            if request.isExact && present.port != request.preference {
                throw CoordinatorError(
                    .unavailable,
                    request.owner.path + " has port " + String(present.port)
                        + " already; release it first")
            }
            let renewed = present.used(at: now)
            try base.set(PortRecords.item(present.port), renewed.json)
            return renewed
        }
        guard let port = try choosePort(request, isOccupied) else {
            throw CoordinatorError(.unavailable, request.refusal)
        }
        let reservation = PortReservation(
            port: port, path: request.owner.path, tag: request.owner.tag, created: now, used: now)
        try base.set(PortRecords.item(port), reservation.json)
        try base.set(request.owner.record, PortRecords.value(port))
        return reservation
    }

    private func choosePort(
        _ request: PortRequest, _ isOccupied: (Int) throws(SystemError) -> Bool
    ) throws -> Int? {
        let taken = try takenPorts(request)
        do throws(SystemError) {
            return try PortChoice.port(
                in: request.range, preferring: request.preference, exactly: request.isExact,
                taken: taken, isOccupied: isOccupied)
        } catch {
            throw CoordinatorError.system("cannot tell which ports are in use", error)
        }
    }

    /// The reserved ports that a choice may meet, in ascending order.
    private func takenPorts(_ request: PortRequest) throws -> [Int] {
        let lowest = min(request.range.lowerBound, request.preference ?? .max)
        let highest = max(request.range.upperBound, request.preference ?? 0)
        var taken: [Int] = []
        try base.forEach(prefix: PortRecords.items, from: PortRecords.item(lowest)) { record in
            guard let port = PortRecords.port(record.key), port <= highest else { return false }
            taken.append(port)
            return true
        }
        return taken
    }

    /// Gives back the port of a directory and a tag.
    ///
    /// - Returns: The reservation that is no more.
    /// - Throws: ``CoordinatorError`` with `notFound` where there is none, and
    ///   with `invalid` where the path or the tag is not valid.
    @discardableResult
    public mutating func releasePort(
        for path: String? = nil, tag: String? = nil
    ) throws -> PortReservation {
        try releasePort(of: try PortOwner(path: path, tag: tag))
    }

    mutating func releasePort(of owner: PortOwner) throws -> PortReservation {
        guard let reservation = try portReservation(of: owner) else {
            let suffix = owner.tag.map { " with the tag " + $0 } ?? ""
            throw CoordinatorError(.notFound, owner.path + " has no port" + suffix)
        }
        base.delete(PortRecords.item(reservation.port))
        base.delete(owner.record)
        return reservation
    }

    private func portReservation(of owner: PortOwner) throws -> PortReservation? {
        let name = owner.record
        guard let port = try base.record(name) else { return nil }
        guard let number = Int(decimal: port.value[...]),
            let record = try base.record(PortRecords.item(number))
        else {
            throw CoordinatorError(
                .damaged, "the record " + name.text + " names a port that is not reserved")
        }
        let reservation = try PortReservation(record)
        guard reservation.path == owner.path && reservation.tag == owner.tag else {
            throw CoordinatorError(
                .damaged, "the record " + name.text + " names the port of another directory")
        }
        return reservation
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
