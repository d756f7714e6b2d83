// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension Ports {
    /// The ports of a range that programs of this machine use, by ascending
    /// port. Blocks the current thread, but never waits for a change.
    ///
    /// That a port is in use is proven by an attempt to bind it; who uses it is
    /// told as far as the system lets the caller know, and may be missing.
    ///
    /// - Parameters:
    ///   - range: Which ports to look at: 1 to 65535.
    ///   - occupancy: Where it is looked.
    /// - Returns: One entry for each port, protocol and family.
    /// - Throws: ``CoordinatorError`` with `invalid` where the range is none.
    /// - Complexity: O(n) in the size of the range, and in the number of the
    ///   machine's sockets where any port is in use.
    public func uses(
        in range: ClosedRange<Int>, checking occupancy: PortOccupancy = PortOccupancy()
    ) throws -> [PortUse] {
        try PortRequest.check(range)
        let found = try Self.occupied(range, occupancy)
        if found.isEmpty { return [] }
        let wanted = PortSet(found.map(\.port))
        let sockets = SocketTable.uses(of: wanted.contains)
        var names: [UInt32: String] = [:]
        return try look { ledger in
            try found.map { port, place in
                let socket = Self.socket(port, place, sockets)
                let reservation = try ledger.record(of: port)
                if let user = socket?.user, names[user] == nil {
                    names[user] = UserTable.name(of: user) ?? String(user)
                }
                return PortUse(
                    port: port, transport: place.isTCP ? .tcp : .udp,
                    family: place.isIPv4 ? .ipv4 : .ipv6, process: socket?.process,
                    command: socket?.process.map { ProcessTable.command(of: $0) },
                    user: socket?.user.flatMap { names[$0] },
                    reservation: try reservation.flatMap { try ledger.standing($0) })
            }
        }
    }

    /// The ports of a range that programs use, as the synchronous twin tells them.
    public func uses(
        in range: ClosedRange<Int>, checking occupancy: PortOccupancy = PortOccupancy()
    ) async throws -> [PortUse] {
        try await coordinator.onThread { try self.uses(in: range, checking: occupancy) }
    }

    private static func occupied(
        _ range: ClosedRange<Int>, _ occupancy: PortOccupancy
    ) throws -> [(port: Int, place: PortProbe.Place)] {
        guard occupancy.isChecked else { return [] }
        let probe = occupancy.probes
        let places = probe.places
        var found: [(port: Int, place: PortProbe.Place)] = []
        do throws(SystemError) {
            for port in range {
                for place in places {
                    if try probe.outcome(of: port, at: place) == .inUse {
                        found.append((port, place))
                    }
                }
            }
        } catch {
            throw CoordinatorError.system("cannot tell which ports are in use", error)
        }
        return found
    }

    /// The socket that has a port: one that listens before one that is
    /// connected, and one of IPv6 where it stands for both families.
    private static func socket(
        _ port: Int, _ place: PortProbe.Place, _ sockets: [SocketUse]
    ) -> SocketUse? {
        let others = sockets.filter { $0.port == port && $0.place.isTCP == place.isTCP }
        let same = others.filter { $0.place == place }
        let candidates = same.isEmpty ? others : same
        return candidates.first { $0.isListening } ?? candidates.first
    }
}
