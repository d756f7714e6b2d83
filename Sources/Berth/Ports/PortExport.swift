// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The ports of a group as other programs take them in.
package enum PortExport {
    /// A language in which a shell is told the values of variables.
    package enum Shell: String, Hashable, Sendable, CaseIterable {
        case bash, zsh, fish, powershell

        /// The language of a shell's program, such as `/bin/dash` or `-zsh`;
        /// nil where it is none that is known.
        package init?(program: String) {
            var name = AbsolutePath.lastComponent(program)
            if name.hasPrefix("-") { name.removeFirst() }
            if name.hasSuffix(".exe") { name = String(name.dropLast(4)) }
            switch name {
            case "bash", "sh", "dash", "ash", "ksh", "busybox": self = .bash
            case "zsh": self = .zsh
            case "fish": self = .fish
            case "pwsh", "powershell", "ps": self = .powershell
            default: return nil
            }
        }

        /// The language of whoever is to evaluate the answer: that of the
        /// program that runs this one, else what the environment tells.
        package static func detected(
            parent: String, variable: (_ name: String) -> [UInt8]?
        ) -> Shell {
            let program = parent.utf8.prefix { $0 != UInt8(ascii: " ") }
            if let shell = Shell(program: String(Substring(program))) { return shell }
            if variable("ZSH_VERSION") != nil { return .zsh }
            if variable("FISH_VERSION") != nil { return .fish }
            if variable("PSModulePath") != nil { return .powershell }
            let login = variable("SHELL").map { String(decoding: $0, as: UTF8.self) }
            return login.flatMap { Shell(program: $0) } ?? .bash
        }

        /// A line that sets a variable to a port. The name is one that a
        /// group accepts, and so nothing that a shell could act on.
        package func line(_ name: String, _ port: Int) -> String {
            precondition(VariableName.problem(name) == nil, "a variable's name is safe to print")
            switch self {
            case .bash, .zsh: return "export " + name + "=" + String(port)
            case .fish: return "set -gx " + name + " " + String(port)
            case .powershell: return "$env:" + name + "=\"" + String(port) + "\""
            }
        }
    }

    /// The lines that a shell evaluates, in the order of the services.
    package static func lines(
        _ ports: [(service: PortGroup.Service, port: Int)], for shell: Shell
    ) -> [String] {
        ports.map { shell.line($0.service.variable, $0.port) }
    }

    /// The lines of a `.env` file.
    package static func dotenv(_ ports: [(service: PortGroup.Service, port: Int)]) -> [String] {
        ports.map { $0.service.variable + "=" + String($0.port) }
    }

    /// `{"api":5001,"web":5000}`
    package static func json(_ ports: [(service: PortGroup.Service, port: Int)]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        for (service, port) in ports {
            writer.member(named: service.tag)
            writer.value(port)
        }
        writer.endObject()
        return writer.bytes
    }
}
