// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth lock NAME COMMAND` and `berth lock NAME --for-pid PID`
enum LockCommand: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "lock", summary: "run a command while a lock is held",
            operands: ["NAME"], tail: .optional,
            options: [
                .flag("no-wait", "n", "do not wait: status 75 where another holds the lock"),
                .value("wait", "w", "TIME", "wait no longer than this: then status 124"),
                .value("conflict-status", "E", "CODE", "the status in place of 75 and 124"),
                .flag("close", nil, "do not let the command keep the lock when berth is killed"),
                .flag("no-fork", nil, "become the command, instead of running it"),
                .value("for-pid", nil, "PID", "take the lock for a process; print the token"),
            ],
            details: """
                TIME is 250ms, 10s, 2m, 1h30m or a number of seconds. The status is that of
                COMMAND; 128+N where signal N ended it; 126 or 127 where it cannot be run.
                COMMAND finds the token in BERTH_TOKEN. In a script, across commands:
                  token=$(berth lock NAME --for-pid $$) … berth unlock NAME --token "$token"
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let name = try LockName(try arguments.requiredText(operand: 0, "NAME"))
        let process = try arguments.integer("for-pid", in: 1...Int32.max)
        try check(arguments, isForProcess: process != nil)
        let override = try arguments.integer("conflict-status", in: 0...Int32(255))
        let refusal = override.map { ExitStatus(rawValue: $0) }

        var request = LockService.Request(name)
        request.patience = try patience(arguments)
        request.command = describe(arguments.tail)
        request.under = context.outerLocks
        request.onWait = { context.tell($0) }
        do throws(CoordinatorError) {
            let locks = try context.locks()
            if let process {
                if let token = try locks.acquire(request, forProcess: process) {
                    context.printToken(token, of: name)
                    return .success
                }
            } else if let held = try locks.acquire(request) {
                return try LockedCommand(held, arguments, context).run()
            }
        } catch {
            guard error.code == .timedOut, let refusal else { throw error }
            context.output.note(error.message)
            return refusal
        }
        context.output.note("the lock '" + name.text + "' is held by another")
        return refusal ?? .busy
    }

    private static func check(
        _ arguments: ArgumentReader, isForProcess: Bool
    ) throws(UsageError) {
        if arguments.has("no-wait") && arguments.has("wait") {
            throw arguments.failure("--no-wait and --wait exclude each other")
        }
        if isForProcess {
            guard arguments.tail.isEmpty else {
                throw arguments.failure("--for-pid takes no command to run")
            }
            if arguments.has("close") || arguments.has("no-fork") {
                throw arguments.failure("--for-pid goes with neither --close nor --no-fork")
            }
        } else if arguments.tail.isEmpty {
            throw arguments.failure("the command to run is missing")
        }
        if arguments.has("close") && arguments.has("no-fork") {
            throw arguments.failure(
                "--close and --no-fork together would give the lock back at once")
        }
    }

    private static func patience(_ arguments: ArgumentReader) throws(UsageError) -> LockPatience {
        if arguments.has("no-wait") { return .none }
        return LockPatience(try arguments.duration("wait"))
    }

    /// The command's words, for people to read.
    private static func describe(_ words: [Argument]) -> String {
        var bytes: [UInt8] = []
        for word in words {
            if !bytes.isEmpty { bytes.append(UInt8(ascii: " ")) }
            bytes += word.bytes
            if bytes.count > 200 { break }
        }
        return String(decoding: bytes.prefix(200), as: UTF8.self)
    }
}

/// A command that is run under a lock.
private struct LockedCommand {
    private let held: HeldTicket
    private let words: [[UInt8]]
    private let isClosed: Bool
    private let isOwnProcess: Bool
    private let context: CommandContext

    init(_ held: HeldTicket, _ arguments: ArgumentReader, _ context: CommandContext) {
        self.held = held
        self.context = context
        words = arguments.tail.map { $0.bytes }
        isClosed = arguments.has("close")
        isOwnProcess = !arguments.has("no-fork")
    }

    /// Runs it and gives the lock back when it ends. The command keeps the
    /// lock's descriptors: if this process is killed, the lock stays held for
    /// as long as the command runs.
    func run() throws(CoordinatorError) -> ExitStatus {
        ChildProcess.setVariable(HeldLocks.tokenVariable, String(held.token))
        ChildProcess.setVariable(
            HeldLocks.variable, try HeldLocks.entries(context.outerLocks, and: held))
        do throws(SystemError) {
            let kept =
                isClosed
                ? []
                : [
                    try FileCalls.duplicateHigh(held.file), try FileCalls.duplicateHigh(held.bell),
                ]
            defer { for file in kept { FileCalls.close(file) } }
            guard isOwnProcess else {
                held.describe(granted: true)
                throw ChildProcess.become(words, inheriting: kept)
            }
            let child = try ChildProcess.start(words, inheriting: kept)
            // Beside the command, which runs already.
            held.describe(granted: true, command: child.identifier)
            let ending = try child.wait()
            held.release()
            switch ending {
            case .exited(let status): return ExitStatus(rawValue: status)
            case .killed(let signal): return ExitStatus(rawValue: 128 + signal)
            }
        } catch {
            held.release()
            return failed(error)
        }
    }

    /// In the manner of the shell: 127 where there is no such command, else 126.
    private func failed(_ error: SystemError) -> ExitStatus {
        let command = words.first.map { Argument(bytes: $0).quoted } ?? ""
        context.output.fail("cannot run " + command + ": " + error.errno.description)
        return ExitStatus(rawValue: error.errno == .noEntry ? 127 : 126)
    }
}

extension CommandContext {
    /// The locks of the store that the command line and the environment name.
    func locks() throws(CoordinatorError) -> LockService {
        LockService(
            path: try StoreLocation.path(
                settings.store, variable: environment.bytes,
                workingDirectory: AbsolutePath.workingDirectory))
    }

    /// The locks that this command is run under.
    var outerLocks: String {
        environment.bytes(HeldLocks.variable).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    fileprivate func printToken(_ token: UInt64, of name: LockName) {
        guard settings.isJSON else { return output.print(String(token)) }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("name", name.text)
        writer.member("token", token)
        writer.endObject()
        output.print(json: writer)
    }

    /// Says whom the lock is waited for: to a person, or to one who asked.
    fileprivate func tell(_ obstacle: LockObstacle) {
        var line = "waiting for the lock '" + obstacle.name.text + "', held by "
        line += obstacle.holder.process.map { "process " + String($0) } ?? "a process"
        if !obstacle.holder.command.isEmpty { line += " (" + obstacle.holder.command + ")" }
        if let since = obstacle.holder.since { line += " for " + ElapsedText.since(since) }
        line += "; " + String(obstacle.place) + " ahead"
        if output.messagesAreSeen { output.note(line) } else { output.detail(line) }
    }
}
