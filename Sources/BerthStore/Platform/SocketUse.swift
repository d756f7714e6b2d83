// SPDX-License-Identifier: Apache-2.0

/// A socket of this machine that has a port, and whose it is as far as the
/// caller may know.
package struct SocketUse: Hashable, Sendable {
    package let place: PortProbe.Place
    package let port: Int
    /// Whether it waits for others, and is not at one end of a connection.
    package let isListening: Bool
    package internal(set) var process: Int32?
    /// The number of the user whose it is.
    package let user: UInt32?
    /// Which socket it is, where the system tells.
    let inode: UInt64
}
