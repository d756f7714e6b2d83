// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The reserved ports of a store.
///
/// A reservation is kept until it is released: it survives the program that
/// made it, and the machine's restart, unless it was made to end sooner. No
/// two reservations of one store share a port, and none is made on a port that
/// a program of the machine uses.
public struct Ports: Sendable {
    let coordinator: Coordinator
    /// The id of what is changed through this.
    var operation: OperationID?

    /// These ports, to reserve or to release one at most once under an id: see
    /// ``OperationID``.
    public func once(_ id: OperationID) -> Ports {
        Ports(coordinator: coordinator, operation: id)
    }

    /// Reserves a port. Blocks the current thread.
    ///
    /// The same directory and tag are given the same port each time, unless
    /// the request is to overwrite it. Choosing, probing and recording are one
    /// step: two callers are never given one port.
    ///
    /// - Throws: ``CoordinatorError`` with `unavailable` where no port is free.
    /// - Complexity: O(log n) in the number of reservations, and O(n) in the
    ///   size of the range.
    public func reserve(_ request: PortRequest) throws -> PortReservation {
        let plan: PortPlan = try perform(.reserve(request))
        guard let reservation = plan.reservations.first else {
            preconditionFailure("Berth: a port was reserved and is not there")
        }
        return reservation
    }

    /// Reserves a port, as the synchronous twin does.
    public func reserve(_ request: PortRequest) async throws -> PortReservation {
        try await coordinator.onThread { try self.reserve(request) }
    }

    /// Reserves a port for a directory. Blocks the current thread.
    ///
    /// - Parameters:
    ///   - path: The directory, relative to the working directory.
    ///   - tag: Tells several ports of one directory apart.
    ///   - preference: A port to take if it is free.
    /// - Returns: The reservation, new or renewed.
    /// - Throws: ``CoordinatorError`` with `unavailable` where no port is free,
    ///   and with `invalid` where a parameter is not valid.
    public func reserve(
        for path: String, tag: String? = nil, preferring preference: Int? = nil
    ) throws -> PortReservation {
        try reserve(PortRequest(for: path, tag: tag, preferring: preference))
    }

    /// Reserves a port for a directory, as the synchronous twin does.
    public func reserve(
        for path: String, tag: String? = nil, preferring preference: Int? = nil
    ) async throws -> PortReservation {
        try await reserve(PortRequest(for: path, tag: tag, preferring: preference))
    }

    /// Gives back the port of a directory and a tag. Blocks the current thread.
    ///
    /// - Parameters:
    ///   - path: The directory, relative to the working directory; that one
    ///     itself where there is none.
    ///   - tag: The tag with which the port was reserved.
    /// - Returns: The reservation that is no more.
    /// - Throws: ``CoordinatorError`` with `notFound` where there is none.
    @discardableResult
    public func release(
        for path: String? = nil, tag: String? = nil
    ) throws -> PortReservation {
        let selection = try PortSelection(of: path, tags: .exactly(tag))
        let plan: PortPlan = try perform(.release(selection))
        guard let reservation = plan.ended.first else { throw selection.absence }
        return reservation
    }

    /// Gives back the port of a directory and a tag, as the synchronous twin does.
    @discardableResult
    public func release(
        for path: String? = nil, tag: String? = nil
    ) async throws -> PortReservation {
        try await coordinator.onThread { try self.release(for: path, tag: tag) }
    }

    /// Every reservation, by ascending port and as they were at one moment.
    /// Those whose process or lease has ended are none any more. Blocks the
    /// current thread, but never waits for a change.
    public func list() throws -> [PortReservation] {
        try look { ledger in
            var reservations: [PortReservation] = []
            try ledger.visit { reservation in
                if try ledger.judge.end(of: reservation.terms) == nil {
                    reservations.append(reservation)
                }
            }
            return reservations
        }
    }

    /// Every reservation, as the synchronous twin tells them.
    public func list() async throws -> [PortReservation] {
        try await coordinator.onThread { try self.list() }
    }

    /// The reservation of a port; nil where it is not reserved. Blocks the
    /// current thread, but never waits for a change.
    public func reservation(ofPort port: Int) throws -> PortReservation? {
        try look { ledger in try ledger.record(of: port).flatMap { try ledger.standing($0) } }
    }

    /// The reservation of a port, as the synchronous twin tells it.
    public func reservation(ofPort port: Int) async throws -> PortReservation? {
        try await coordinator.onThread { try self.reservation(ofPort: port) }
    }

    /// The reservation of a directory and a tag; nil where there is none.
    /// Blocks the current thread, but never waits for a change.
    ///
    /// - Throws: ``CoordinatorError`` with `invalid` where the path or the tag
    ///   is not valid.
    public func reservation(
        for path: String? = nil, tag: String? = nil
    ) throws -> PortReservation? {
        let owner = try PortOwner(path: path, tag: tag)
        return try look { ledger in
            try ledger.record(of: owner).flatMap { try ledger.standing($0) }
        }
    }

    /// The reservation of a directory and a tag, as the synchronous twin tells it.
    public func reservation(
        for path: String? = nil, tag: String? = nil
    ) async throws -> PortReservation? {
        try await coordinator.onThread { try self.reservation(for: path, tag: tag) }
    }

    func look<Result>(_ body: (PortLedger) throws -> Result) throws -> Result {
        try coordinator.read { view in try body(PortLedger(Transaction(view), .live)) }
    }
}

extension PortLedger {
    /// A reservation, unless its process or its lease has ended.
    func standing(_ reservation: PortReservation) throws -> PortReservation? {
        try judge.end(of: reservation.terms) == nil ? reservation : nil
    }
}

extension Coordinator {
    /// The reserved ports of the store.
    public var ports: Ports { Ports(coordinator: self) }
}
