// SPDX-License-Identifier: Apache-2.0

package import BerthStore

/// A port that is reserved and held: a socket listens on it from the moment
/// on at which it was found to be free, so that no other program can have it.
package struct HeldPort {
    package let reservation: PortReservation
    /// The socket, closed by `exec`. The owner closes it.
    package let socket: FileDescriptor
}

extension Ports {
    /// Reserves a port and listens on it as one step. Blocks the current thread.
    ///
    /// A crash leaves the reservation, if it was made, and no socket.
    ///
    /// - Parameters:
    ///   - request: The port that is wanted.
    ///   - address: The address of this machine on which to listen.
    /// - Returns: The reservation and the socket.
    /// - Throws: ``CoordinatorError`` with `busy` where the port that the
    ///   owner has already is in use by a program.
    package func hold(
        _ request: PortRequest, at address: SocketAddress
    ) throws -> HeldPort {
        try request.validate()
        var held: (port: Int, socket: FileDescriptor)?
        do {
            let plan = try coordinator.write("port.reserve") { transaction in
                try transaction.perform(.reserve(request), .live) { port, occupancy in
                    if let former = held { FileCalls.close(former.socket) }
                    held = nil
                    if try PortOccupancy.isOccupied(port, occupancy) { return true }
                    guard let socket = try Self.listen(on: port, at: address) else { return true }
                    held = (port, socket)
                    return false
                }
            }
            guard let reservation = plan.reservations.first else {
                preconditionFailure("Berth: a port was reserved and is not there")
            }
            if let held, held.port == reservation.port {
                return HeldPort(reservation: reservation, socket: held.socket)
            }
            // One that the owner had was not looked at before.
            guard let socket = try Self.listen(on: reservation.port, at: address) else {
                throw try inUse(reservation)
            }
            return HeldPort(reservation: reservation, socket: socket)
        } catch {
            if let held { FileCalls.close(held.socket) }
            throw error
        }
    }

    private static func listen(
        on port: Int, at address: SocketAddress
    ) throws(CoordinatorError) -> FileDescriptor? {
        do throws(SystemError) {
            return try SocketCalls.listen(on: port, at: address)
        } catch {
            throw .system("cannot listen on port " + String(port), error)
        }
    }

    private func inUse(_ reservation: PortReservation) throws -> CoordinatorError {
        let port = reservation.port
        let use = try uses(in: port...port).first { $0.process != nil }
        var who = "another program"
        if let use, let process = use.process {
            who = "process " + String(process)
            if let command = use.command, !command.isEmpty { who += " (" + command + ")" }
        }
        return CoordinatorError(
            .busy,
            "port " + String(port) + " of " + reservation.owner.description + " is in use by "
                + who + "; end that, or --overwrite takes another port")
    }
}
