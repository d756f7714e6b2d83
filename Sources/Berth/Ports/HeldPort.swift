// SPDX-License-Identifier: Apache-2.0

package import BerthStore

/// A port that is reserved and held: a socket listens on it from the moment
/// on at which it was found to be free, so that no other program can have it.
package struct HeldPort {
    package let reservation: PortReservation
    /// The socket, closed by `exec`. The owner closes it.
    package let socket: FileDescriptor
}

/// That a program uses the port of a reservation.
private struct PortInUse: Error {
    let reservation: PortReservation
}

extension Ports {
    /// Reserves a port and listens on it as one step. Blocks the current thread.
    ///
    /// A port on which nobody can listen is neither reserved nor renewed. A
    /// crash leaves the reservation, if it was made, and no socket.
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
        func hold(_ port: Int) throws -> Bool {
            if let former = held { FileCalls.close(former.socket) }
            held = try Self.listen(on: port, at: address).map { (port, $0) }
            return held != nil
        }
        do {
            let reservation = try coordinator.write("port.reserve") { transaction in
                let plan = try transaction.perform(.reserve(request), .live) { port, occupancy in
                    if try PortOccupancy.isOccupied(port, occupancy) { return true }
                    return try !hold(port)
                }
                guard let reservation = plan.reservations.first else {
                    preconditionFailure("Berth: a port was reserved and is not there")
                }
                // One that the owner had was not looked at before.
                if held?.port != reservation.port, try !hold(reservation.port) {
                    throw PortInUse(reservation: reservation)
                }
                return reservation
            }
            guard let held else {
                preconditionFailure("Berth: a port is held and has no socket")
            }
            return HeldPort(reservation: reservation, socket: held.socket)
        } catch {
            if let held { FileCalls.close(held.socket) }
            if let error = error as? PortInUse { throw try inUse(error.reservation) }
            throw error
        }
    }

    private static func listen(
        on port: Int, at address: SocketAddress
    ) throws(CoordinatorError) -> FileDescriptor? {
        do throws(SystemError) {
            return try SocketCalls.listen(on: port, at: address)
        } catch {
            throw .system("cannot listen on " + address.text + ", port " + String(port), error)
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
