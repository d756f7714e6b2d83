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

/// A numeric address of this machine, without a port.
package enum SocketAddress: Hashable, Sendable {
    /// Four bytes.
    case ipv4([UInt8])
    /// Sixteen bytes.
    case ipv6([UInt8])

    package static var anyIPv4: SocketAddress { .ipv4([0, 0, 0, 0]) }
    package static var loopbackIPv4: SocketAddress { .ipv4([127, 0, 0, 1]) }
    package static var anyIPv6: SocketAddress { .ipv6(Array(repeating: 0, count: 16)) }
    package static var loopbackIPv6: SocketAddress {
        .ipv6(Array(repeating: 0, count: 15) + [1])
    }

    /// Reads an address as it is written, such as `127.0.0.1` or `::1`; nil
    /// where the text is none. The corresponding C function is `inet_pton`.
    package init?(_ text: String) {
        var bytes: [UInt8] = Array(repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 {
            self = .ipv4(Array(bytes[..<4]))
        } else if inet_pton(AF_INET6, text, &bytes) == 1 {
            self = .ipv6(bytes)
        } else {
            return nil
        }
    }

    /// As it is written. The corresponding C function is `inet_ntop`.
    package var text: String {
        let bytes =
            switch self {
            case .ipv4(let bytes), .ipv6(let bytes): bytes
            }
        var text: [CChar] = Array(repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "" }
        return String(
            decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    var family: Int32 {
        switch self {
        case .ipv4: AF_INET
        case .ipv6: AF_INET6
        }
    }
}

/// One wrapper for each system call on sockets.
package enum SocketCalls {
    /// A socket that listens on a port, for a command to accept connections
    /// from. The corresponding C function is `listen`.
    ///
    /// - Returns: The socket, closed by `exec`; nil where the port is in use.
    package static func listen(
        on port: Int, at address: SocketAddress
    ) throws(SystemError) -> FileDescriptor? {
        guard let socket = try open(address.family, stream) else {
            throw SystemError("socket", .familyNotSupported)
        }
        do throws(SystemError) {
            // A connection that lingers in TIME_WAIT is in no server's way; a
            // second listener is refused all the same.
            try setOption(socket, SOL_SOCKET, SO_REUSEADDR)
            try bind(socket, to: address, port: port)
            _ = try FileCalls.retrying("listen") { systemListen(socket.rawValue, SOMAXCONN) }
            return socket
        } catch {
            FileCalls.close(socket)
            if error.errno == .addressInUse { return nil }
            throw error
        }
    }

    /// A socket; nil where the machine does not have the family. It is closed
    /// by `exec`: Darwin cannot have that from its birth on.
    static func open(_ family: Int32, _ kind: Int32) throws(SystemError) -> FileDescriptor? {
        let descriptor = socket(family, kind, 0)
        if descriptor < 0 {
            switch Errno.current {
            case .familyNotSupported, .protocolNotSupported: return nil
            case let error: throw SystemError("socket", error)
            }
        }
        let file = try FileCalls.raised(descriptor)
        #if canImport(Darwin)
            _ = fcntl(file.rawValue, F_SETFD, FD_CLOEXEC)
        #endif
        return file
    }

    /// The corresponding C function is `bind`. An address of IPv6 stands for
    /// that family alone.
    static func bind(
        _ socket: FileDescriptor, to address: SocketAddress, port: Int
    ) throws(SystemError) {
        let port = in_port_t(truncatingIfNeeded: port).bigEndian
        switch address {
        case .ipv4(let bytes):
            var raw = sockaddr_in()
            #if canImport(Darwin)
                raw.sin_len = UInt8(MemoryLayout<sockaddr_in>.size)
            #endif
            raw.sin_family = sa_family_t(AF_INET)
            raw.sin_port = port
            withUnsafeMutableBytes(of: &raw.sin_addr) { $0.copyBytes(from: bytes) }
            try bind(socket, &raw, MemoryLayout<sockaddr_in>.size)
        case .ipv6(let bytes):
            // Without it the attempt would clash with our own kind in IPv4.
            try setOption(socket, Int32(IPPROTO_IPV6), IPV6_V6ONLY)
            var raw = sockaddr_in6()
            #if canImport(Darwin)
                raw.sin6_len = UInt8(MemoryLayout<sockaddr_in6>.size)
            #endif
            raw.sin6_family = sa_family_t(AF_INET6)
            raw.sin6_port = port
            withUnsafeMutableBytes(of: &raw.sin6_addr) { $0.copyBytes(from: bytes) }
            try bind(socket, &raw, MemoryLayout<sockaddr_in6>.size)
        }
    }

    private static func bind(
        _ socket: FileDescriptor, _ address: UnsafeRawPointer, _ length: Int
    ) throws(SystemError) {
        _ = try FileCalls.retrying("bind") {
            systemBind(
                socket.rawValue, address.assumingMemoryBound(to: sockaddr.self),
                socklen_t(length))
        }
    }

    private static func setOption(
        _ socket: FileDescriptor, _ level: Int32, _ name: Int32
    ) throws(SystemError) {
        var one: Int32 = 1
        _ = try FileCalls.retrying("setsockopt") {
            setsockopt(
                socket.rawValue, level, name, &one, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    // The kinds are an enumeration in Glibc, and numbers elsewhere.
    #if canImport(Glibc)
        static var stream: Int32 { Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue) }
        static var datagram: Int32 { Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue) }
    #elseif canImport(Musl)
        static var stream: Int32 { SOCK_STREAM | SOCK_CLOEXEC }
        static var datagram: Int32 { SOCK_DGRAM | SOCK_CLOEXEC }
    #else
        static var stream: Int32 { SOCK_STREAM }
        static var datagram: Int32 { SOCK_DGRAM }
    #endif
}
