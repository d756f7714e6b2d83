// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The reserved ports of a store.
///
/// A reservation is kept until it is released: it survives the program that
/// made it, and the machine's restart. No two reservations of one store share
/// a port, and none is made on a port that a program of the machine uses.
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
    /// The same directory and tag are given the same port each time, whatever
    /// else is asked for. Choosing, probing and recording are one step: two
    /// callers are never given one port.
    ///
    /// - Throws: ``CoordinatorError`` with `unavailable` where no port is free.
    /// - Complexity: O(n) in the number of ports that are not free.
    public func reserve(_ request: PortRequest) throws -> PortReservation {
        try coordinator.write(
            "port.reserve", once: operation, of: request.owner.name, .reservation
        ) { transaction in
            try transaction.reservePort(request)
        }
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
        let owner = try PortOwner(path: path, tag: tag)
        return try coordinator.write(
            "port.release", once: operation, of: owner.name, isEssential: true, .reservation
        ) { transaction in
            try transaction.releasePort(of: owner)
        }
    }

    /// Gives back the port of a directory and a tag, as the synchronous twin does.
    @discardableResult
    public func release(
        for path: String? = nil, tag: String? = nil
    ) async throws -> PortReservation {
        try await coordinator.onThread { try self.release(for: path, tag: tag) }
    }

    /// Every reservation, by ascending port and as they were at one moment.
    /// Blocks the current thread, but never waits for a change.
    public func list() throws -> [PortReservation] {
        try coordinator.read { view in
            var reservations: [PortReservation] = []
            try view.forEach(prefix: PortRecords.items) { record in
                reservations.append(try PortReservation(record))
                return true
            }
            return reservations
        }
    }

    /// Every reservation, as the synchronous twin tells them.
    public func list() async throws -> [PortReservation] {
        try await coordinator.onThread { try self.list() }
    }
}

extension Coordinator {
    /// The reserved ports of the store.
    public var ports: Ports { Ports(coordinator: self) }
}
