// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension CoordinatorTransaction {
    /// Reserves a port, or renews the reservation that the same directory and
    /// tag have: they keep their port, unless the request is to overwrite it.
    ///
    /// - Throws: ``CoordinatorError`` with `unavailable` where no port is free.
    public mutating func reservePort(_ request: PortRequest) throws -> PortReservation {
        try inLedger(.live) { ledger in
            try ledger.reserve(request) { port in
                try PortOccupancy.isOccupied(port, request.occupancy)
            }
        }
    }

    mutating func reservePort(
        _ request: PortRequest, at now: Int64,
        isOccupied: (Int) throws(SystemError) -> Bool
    ) throws -> PortReservation {
        try inLedger(.at(now)) { ledger in
            try ledger.reserve(request) { try isOccupied($0) }
        }
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
        let selection = try PortSelection(of: owner.path, tags: .exactly(owner.tag))
        let plan = try perform(.release(selection))
        guard let reservation = plan.ended.first else { throw selection.absence }
        return reservation
    }

    /// Does something to the reserved ports.
    ///
    /// - Returns: What that changes.
    /// - Throws: ``CoordinatorError``; then nothing is changed.
    @discardableResult
    public mutating func perform(_ operation: PortOperation) throws -> PortPlan {
        try perform(operation, .live, PortOccupancy.isOccupied)
    }

    mutating func perform(
        _ operation: PortOperation, _ judge: ReservationJudge, _ isOccupied: PortOccupation
    ) throws -> PortPlan {
        var ledger = PortLedger(base, judge)
        try operation.perform(&ledger, isOccupied)
        let (changed, plan) = try ledger.finished()
        base = changed
        return plan
    }

    /// Runs a body on the ports; where it throws, nothing is changed.
    private mutating func inLedger<Result>(
        _ judge: ReservationJudge, _ body: (inout PortLedger) throws -> Result
    ) throws -> Result {
        var ledger = PortLedger(base, judge)
        let result = try body(&ledger)
        base = try ledger.finished().base
        return result
    }
}
