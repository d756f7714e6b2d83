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

// C functions under names that the wrappers' own names do not hide.

@inline(__always)
func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }

@inline(__always)
func systemOpen(_ path: String, _ flags: Int32) -> Int32 { open(path, flags, 0) }

@inline(__always)
func systemOpen(
    _ path: UnsafePointer<CChar>, _ flags: Int32, _ permissions: UInt32
) -> Int32 { open(path, flags, mode_t(permissions)) }

@inline(__always)
func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
    read(descriptor, buffer.baseAddress, buffer.count)
}

@inline(__always)
func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}

@inline(__always)
func systemStatus(_ path: String, _ status: inout stat) -> Int32 { stat(path, &status) }

@inline(__always)
func systemBind(
    _ socket: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t
) -> Int32 {
    bind(socket, address, length)
}

@inline(__always)
func systemListen(_ socket: Int32, _ backlog: Int32) -> Int32 { listen(socket, backlog) }
