// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#else
    #error("Berth has not been taught the C library of this platform")
#endif

/// Finds out whether a program of this machine uses a port.
///
/// A port is free when it can be bound on every address, for TCP and UDP and
/// in both families. The wildcard address clashes with each address of the
/// machine, so one attempt notices a listener on 127.0.0.1 as well as one on
/// 0.0.0.0. Neither `SO_REUSEADDR` nor `SO_REUSEPORT` is set, because with
/// them the attempt succeeds beside sockets that have them too. The price is
/// that a port also counts as in use while a connection of it lingers in
/// TIME_WAIT, for a minute at most: a program that does not set `SO_REUSEADDR`
/// could not have it then.
package struct PortProbe: Hashable, Sendable {
    /// One of the four places where a port may be in use.
    package struct Place: Hashable, Sendable {
        package let isTCP: Bool
        package let isIPv4: Bool

        package init(isTCP: Bool, isIPv4: Bool) {
            self.isTCP = isTCP
            self.isIPv4 = isIPv4
        }
    }

    /// What became of an attempt to bind a port.
    package enum Outcome: Hashable, Sendable {
        case free, inUse
        /// The caller may not have it, so nothing is known.
        case denied
    }

    private let tcp: Bool
    private let udp: Bool
    private let ipv4: Bool
    private let ipv6: Bool
    /// Whether every address counts, or the loopback ones only.
    package let everyAddress: Bool

    package init(
        tcp: Bool = true, udp: Bool = true, ipv4: Bool = true, ipv6: Bool = true,
        everyAddress: Bool = true
    ) {
        self.tcp = tcp
        self.udp = udp
        self.ipv4 = ipv4
        self.ipv6 = ipv6
        self.everyAddress = everyAddress
    }

    /// Where it is looked.
    package var places: [Place] { (0..<4).compactMap(place) }

    /// One of the four places; nil where it is not looked there.
    private func place(_ number: Int) -> Place? {
        let place = Place(isTCP: number < 2, isIPv4: number & 1 == 0)
        return (place.isTCP ? tcp : udp) && (place.isIPv4 ? ipv4 : ipv6) ? place : nil
    }

    /// Whether a port from 1 to 65535 is in use anywhere, or may not be had by
    /// the caller.
    package static func isOccupied(_ port: Int) throws(SystemError) -> Bool {
        try PortProbe().isOccupied(port)
    }

    /// The same for the places of this probe.
    package func isOccupied(_ port: Int) throws(SystemError) -> Bool {
        // The type of an array of places costs a command more than the looking.
        for number in 0..<4 {
            if let place = place(number), try outcome(of: port, at: place) != .free { return true }
        }
        return false
    }

    /// Tries to bind a port. The corresponding C function is `bind`.
    package func outcome(of port: Int, at place: Place) throws(SystemError) -> Outcome {
        let kind = place.isTCP ? SocketCalls.stream : SocketCalls.datagram
        let family = place.isIPv4 ? AF_INET : AF_INET6
        guard let socket = try SocketCalls.open(family, kind) else { return .free }
        defer { FileCalls.close(socket) }
        let address: SocketAddress
        switch (place.isIPv4, everyAddress) {
        case (true, true): address = .anyIPv4
        case (true, false): address = .loopbackIPv4
        case (false, true): address = .anyIPv6
        case (false, false): address = .loopbackIPv6
        }
        do throws(SystemError) {
            try SocketCalls.bind(socket, to: address, port: port)
            return .free
        } catch {
            switch error.errno {
            case .addressInUse: return .inUse
            case .accessDenied, .notPermitted: return .denied
            // What this machine does not have is in nobody's way.
            case .addressNotAvailable, .familyNotSupported: return .free
            default: throw error
            }
        }
    }
}
