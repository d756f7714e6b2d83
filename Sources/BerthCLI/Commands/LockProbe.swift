// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth store probe-lock FILE`: what `berth store doctor` starts as a second
/// process. It is in no list of commands.
///
/// Status 0: the lock of the file was granted; 75: another holds it.
enum LockProbe: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "store probe-lock", summary: "try to lock a file, and give it back",
            operands: ["FILE"])
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let path = try arguments.requiredText(operand: 0, "FILE")
        do throws(SystemError) {
            let file = try FileCalls.openForReading(path)
            defer { FileCalls.close(file) }
            return try FileCalls.lock(file, .exclusive, waiting: false) ? .success : .busy
        } catch {
            throw CoordinatorError.system("cannot lock " + path, error)
        }
    }

    /// Whether a process of its own is granted the lock of a file; nil where
    /// none could be asked.
    static func isGranted(_ path: String) throws(SystemError) -> Bool? {
        guard let program = CurrentProcess.executablePath else { return nil }
        let words = [program, "store", "probe-lock", "--", path].map { Array($0.utf8) }
        switch try ChildProcess.start(words).wait() {
        case .exited(ExitStatus.success.rawValue): return true
        case .exited(ExitStatus.busy.rawValue): return false
        default: return nil
        }
    }
}
