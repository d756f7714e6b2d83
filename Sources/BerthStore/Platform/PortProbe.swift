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
package enum PortProbe {
    /// Whether a port from 1 to 65535 is in use, or may not be had by the
    /// caller. The corresponding C function is `bind`.
    package static func isOccupied(_ port: Int) throws(SystemError) -> Bool {
        let port = in_port_t(truncatingIfNeeded: port).bigEndian
        for kind in [streamSocket, datagramSocket] {
            if try !canBind(kind, ipv4: port) { return true }
            if try !canBind(kind, ipv6: port) { return true }
        }
        return false
    }

    private static func canBind(
        _ kind: Int32, ipv4 port: in_port_t
    ) throws(SystemError) -> Bool {
        guard let socket = try openSocket(AF_INET, kind) else { return true }
        defer { FileCalls.close(socket) }
        var address = sockaddr_in()
        #if canImport(Darwin)
            address.sin_len = UInt8(MemoryLayout<sockaddr_in>.size)
        #endif
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port
        return try canBind(socket, &address, MemoryLayout<sockaddr_in>.size)
    }

    private static func canBind(
        _ kind: Int32, ipv6 port: in_port_t
    ) throws(SystemError) -> Bool {
        guard let socket = try openSocket(AF_INET6, kind) else { return true }
        defer { FileCalls.close(socket) }
        // Without it the attempt would clash with our own kind in IPv4.
        var only: Int32 = 1
        setsockopt(
            socket.rawValue, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &only,
            socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in6()
        #if canImport(Darwin)
            address.sin6_len = UInt8(MemoryLayout<sockaddr_in6>.size)
        #endif
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port
        return try canBind(socket, &address, MemoryLayout<sockaddr_in6>.size)
    }

    /// Whether an address can be bound; one that this machine does not have
    /// is in nobody's way.
    private static func canBind(
        _ socket: FileDescriptor, _ address: UnsafeRawPointer, _ length: Int
    ) throws(SystemError) -> Bool {
        let result = bind(
            socket.rawValue, address.assumingMemoryBound(to: sockaddr.self), socklen_t(length))
        if result == 0 { return true }
        switch Errno.current {
        case .addressInUse, .accessDenied, .notPermitted: return false
        case .addressNotAvailable, .familyNotSupported: return true
        case let error: throw SystemError("bind", error)
        }
    }

    /// A socket; nil where the machine does not have the family.
    private static func openSocket(
        _ family: Int32, _ kind: Int32
    ) throws(SystemError) -> FileDescriptor? {
        let descriptor = socket(family, kind, 0)
        if descriptor >= 0 { return FileDescriptor(rawValue: descriptor) }
        switch Errno.current {
        case .familyNotSupported, .protocolNotSupported: return nil
        case let error: throw SystemError("socket", error)
        }
    }

    // The kinds are an enumeration in Glibc, and numbers elsewhere. Darwin
    // cannot close a socket by exec from its birth on; ours live for microseconds.
    #if canImport(Glibc)
        private static var streamSocket: Int32 {
            Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        }
        private static var datagramSocket: Int32 {
            Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
        }
    #elseif canImport(Musl)
        private static var streamSocket: Int32 { SOCK_STREAM | SOCK_CLOEXEC }
        private static var datagramSocket: Int32 { SOCK_DGRAM | SOCK_CLOEXEC }
    #else
        private static var streamSocket: Int32 { SOCK_STREAM }
        private static var datagramSocket: Int32 { SOCK_DGRAM }
    #endif
}
