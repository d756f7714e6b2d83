// SPDX-License-Identifier: Apache-2.0

import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A socket that occupies a port which the system chooses.
public final class TestSocket {
    /// What the socket is.
    public enum Kind: CaseIterable, Sendable {
        case stream
        case listeningStream
        case datagram
    }

    private let descriptor: Int32
    /// The port it occupies.
    public let port: Int

    /// Binds a socket; nil where the machine does not have the address.
    public init?(_ kind: Kind, _ address: String, sharing isShared: Bool = false) throws {
        #if canImport(Glibc)
            let stream = Int32(SOCK_STREAM.rawValue)
            let datagram = Int32(SOCK_DGRAM.rawValue)
        #else
            let stream = SOCK_STREAM
            let datagram = SOCK_DGRAM
        #endif
        var hints = addrinfo()
        hints.ai_socktype = kind == .datagram ? datagram : stream
        hints.ai_flags = AI_NUMERICHOST
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address, "0", &hints, &found) == 0, let first = found?.pointee else {
            throw POSIXError(.EINVAL)
        }
        defer { freeaddrinfo(found) }
        descriptor = socket(first.ai_family, first.ai_socktype, 0)
        // A process that another test starts must not keep the port.
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        port = Self.bind(descriptor, first, isShared)
        guard port > 0 else { return nil }
        if kind == .listeningStream { listen(descriptor, 1) }
    }

    deinit {
        close()
    }

    /// The port that a socket is bound to; 0 where it cannot be.
    private static func bind(_ descriptor: Int32, _ address: addrinfo, _ isShared: Bool) -> Int {
        var one: Int32 = 1
        if isShared {
            let size = socklen_t(MemoryLayout<Int32>.size)
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, size)
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &one, size)
        }
        #if canImport(Glibc)
            let result = Glibc.bind(descriptor, address.ai_addr, address.ai_addrlen)
        #elseif canImport(Musl)
            let result = Musl.bind(descriptor, address.ai_addr, address.ai_addrlen)
        #else
            let result = Darwin.bind(descriptor, address.ai_addr, address.ai_addrlen)
        #endif
        guard result == 0 else { return 0 }
        var bound = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        return withUnsafeMutablePointer(to: &bound) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = getsockname(descriptor, address, &length)
            }
            // The port has the same place in the addresses of both families.
            return Int(in_port_t(bigEndian: pointer.pointee.sin6_port))
        }
    }

    /// Gives the port up.
    public func close() {
        if !isClosed { _ = systemClose(descriptor) }
        isClosed = true
    }

    private var isClosed = false

    /// What a server on 127.0.0.1 says to a visitor before it hangs up; nil
    /// where nobody listens on the port.
    public static func answer(ofPort port: Int) -> String? {
        #if canImport(Glibc)
            let visitor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let visitor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        defer { _ = systemClose(visitor) }
        _ = fcntl(visitor, F_SETFD, FD_CLOEXEC)
        var address = sockaddr_in()
        #if canImport(Darwin)
            address.sin_len = UInt8(MemoryLayout<sockaddr_in>.size)
        #endif
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(visitor, $0, size) == 0
            }
        }
        guard isConnected else { return nil }
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = read(visitor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    /// The number that the next file would have.
    public static var lowestFreeDescriptor: Int32 {
        let descriptor = dup(0)
        _ = systemClose(descriptor)
        return descriptor
    }
}

private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }
