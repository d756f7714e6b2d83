// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth port run -- COMMAND`
enum PortRun: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "port run", summary: "reserve a port, listen on it, and become a command",
            tail: .required,
            options: PortReserve.options + [
                .value("address", nil, "ADDRESS", "where to listen; default: 127.0.0.1"),
                .flag(
                    "release-on-exec", nil, "for a command that listens itself: hand over no socket"
                ),
            ],
            details: """
                COMMAND finds the port in PORT, and the listening socket as descriptor 3, told
                by LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES: the socket activation of systemd.
                From the moment on at which the port was found to be free, no other program can
                have it. With --release-on-exec it is let go as COMMAND begins. The reservation
                stays when COMMAND ends. Status 75: the directory's port is in use; 126, 127:
                COMMAND cannot be run.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let name = try arguments.text("address") ?? "127.0.0.1"
        guard let address = SocketAddress(name) else {
            throw arguments.failure(
                "--address: " + Argument(name).quoted + " is no address, such as 127.0.0.1 or ::1")
        }
        let context = try PortContext(arguments, context)
        let request = try context.request()
        let coordinator = try context.coordinator()
        if context.configuration.forbidsCreation == true { try coordinator.requireStore() }
        let held = try coordinator.ports.hold(request, at: address)
        return try become(arguments.tail, held, context)
    }

    /// Becomes the command: its pid is known before it begins, its signals and
    /// its status are its own, and nothing is left to go wrong beside it.
    private static func become(
        _ words: [Argument], _ held: HeldPort, _ context: PortContext
    ) throws -> ExitStatus {
        ChildProcess.setVariable("PORT", String(held.reservation.port))
        let error: SystemError
        if context.arguments.has("release-on-exec") {
            error = ChildProcess.become(words.map(\.bytes), inheriting: [])
        } else {
            ChildProcess.setVariable("LISTEN_FDS", "1")
            ChildProcess.setVariable("LISTEN_PID", String(CurrentProcess.identifier))
            ChildProcess.setVariable("LISTEN_FDNAMES", socketName(held.reservation.tag))
            error = ChildProcess.become(words.map(\.bytes), listening: held.socket)
        }
        let command = words.first?.quoted ?? ""
        context.output.fail("cannot run " + command + ": " + error.errno.description)
        return ExitStatus(rawValue: error.errno == .noEntry ? 127 : 126)
    }

    /// The tag as the name of a socket, in which colons and what is not
    /// printable have no place.
    private static func socketName(_ tag: String?) -> String {
        guard let tag else { return "port" }
        let bytes = tag.utf8.map { byte in
            byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: ":") ? byte : UInt8(ascii: "_")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
