// SPDX-License-Identifier: Apache-2.0

package import BerthStore

/// Where it is looked whether a program of the machine uses a port.
public struct PortOccupancy: Hashable, Sendable {
    /// Whether TCP is looked at.
    public var checksTCP = true
    /// Whether UDP is looked at.
    public var checksUDP = true
    /// Whether IPv4 is looked at.
    public var checksIPv4 = true
    /// Whether IPv6 is looked at.
    public var checksIPv6 = true
    /// Whether every address of the machine counts, or the loopback ones only.
    public var checksAllInterfaces = true

    /// Everywhere: both protocols, both families, every address.
    public init() {}

    /// Nowhere: no port counts as in use.
    public static var unchecked: PortOccupancy {
        var occupancy = PortOccupancy()
        occupancy.checksTCP = false
        occupancy.checksUDP = false
        return occupancy
    }

    /// Whether it is looked anywhere at all.
    public var isChecked: Bool { (checksTCP || checksUDP) && (checksIPv4 || checksIPv6) }

    /// What the system is asked.
    package var probes: PortProbe {
        PortProbe(
            tcp: checksTCP, udp: checksUDP, ipv4: checksIPv4, ipv6: checksIPv6,
            everyAddress: checksAllInterfaces)
    }
}
