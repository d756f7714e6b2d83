// SPDX-License-Identifier: Apache-2.0

package import BerthStore

/// That a program of the machine uses a port.
public struct PortUse: Hashable, Sendable {
    /// A protocol of transport.
    public enum Transport: String, Hashable, Sendable {
        case tcp, udp
    }

    /// A family of addresses.
    public enum Family: String, Hashable, Sendable {
        case ipv4, ipv6
    }

    /// The port.
    public let port: Int
    /// The protocol in which it is used.
    public let transport: Transport
    /// The family of addresses in which it is used.
    public let family: Family
    /// The process that has it; nil where the system does not say.
    public let process: Int32?
    /// The words with which that process was started; nil where the system
    /// does not say.
    public let command: String?
    /// Whose it is: a name, or a number that has none.
    public let user: String?
    /// The reservation of the port; nil where it is not reserved.
    public let reservation: PortReservation?
}

extension PortUse {
    /// `{"port":5000,"protocol":"tcp","family":"ipv4","process":12,"command":"…","user":"me",…}`
    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("port", port)
        writer.member("protocol", transport.rawValue)
        writer.member("family", family.rawValue)
        if let process { writer.member("process", process) }
        if let command { writer.member("command", command) }
        if let user { writer.member("user", user) }
        if let reservation { writer.member("reservation", json: reservation.json) }
        writer.endObject()
    }
}
