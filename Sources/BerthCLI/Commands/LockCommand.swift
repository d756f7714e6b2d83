// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth lock NAME COMMAND`, `berth lock NAME --for-pid PID` and
/// `berth lock NAME --renew`
enum LockCommand: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "lock", summary: "run a command while a lock is held",
            operands: ["NAME"], tail: .optional,
            options: [
                .value("and", nil, "NAME", "take this lock as well, or none", isRepeatable: true),
                .flag("shared", "s", "let others hold it who also share it"),
                .value("slots", nil, "N", "let up to N hold it: 1 to 64, the same for all"),
                .flag("no-wait", "n", "do not wait: status 75 where another holds the lock"),
                .value("wait", "w", "TIME", "wait no longer than this: then status 124"),
                .value("conflict-status", "E", "CODE", "the status in place of 75 and 124"),
                .value("ttl", nil, "TIME", "hold it no longer than this, unless renewed"),
                .flag("reentrant", nil, "go on where a command that runs this one holds it"),
                .flag("close", nil, "do not let the command keep the lock when berth is killed"),
                .flag("no-fork", nil, "become the command, instead of running it"),
                .value("for-pid", nil, "PID", "take the lock for a process; print the token"),
                .flag("renew", nil, "make its ttl begin anew: status 76 where it is lost"),
                .value("token", nil, "TOKEN", "the grant to renew, if not that of BERTH_HELD"),
            ],
            details: """
                TIME is 250ms, 10s, 2m, 1h30m or a number of seconds. The status is that of
                COMMAND; 128+N where signal N ended it; 126 or 127 where it cannot be run; 76
                where the lock was lost before it ended.
                COMMAND finds the token in BERTH_TOKEN. In a script, across commands:
                  token=$(berth lock NAME --for-pid $$) … berth unlock NAME --token "$token"
                A lock with a ttl is lost at its end, even if its holder lives; the holder
                renews it with berth lock NAME --renew.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let name = try LockName(try arguments.requiredText(operand: 0, "NAME"))
        if arguments.has("renew") { return try renew(name, arguments, context) }
        let process = try arguments.integer("for-pid", in: 1...Int32.max)
        try check(arguments, isForProcess: process != nil)
        let override = try arguments.integer("conflict-status", in: 0...Int32(255))
        let conflictStatus = override.map { ExitStatus(rawValue: $0) }

        var request = LockService.Request(name)
        request.mode = try mode(arguments)
        request.lease = try lease(arguments)
        request.patience = try patience(arguments)
        request.command = describe(arguments.tail)
        request.under = context.outerLocks
        let line = WaitingLine(context)
        request.onWait = { line.show($0) }
        var refusal = "the lock '" + name.text + "' is held by another"
        request.onBusy = { refusal = WaitingLine.refusal($0) }
        let requests = try [request] + others(request, arguments)
        do throws(CoordinatorError) {
            // Gone before the command, or an error, has something to say.
            defer { line.end() }
            let locks = try context.locks()
            if let process {
                if let token = try locks.acquire(request, forProcess: process) {
                    context.printToken(token, of: name)
                    return .success
                }
            } else {
                let isReentrant = arguments.has("reentrant")
                if let held = try LockedCommand.Grants(locks, requests, isReentrant: isReentrant) {
                    line.end()
                    return try LockedCommand(held, arguments, context).run()
                }
            }
        } catch {
            guard error.code == .timedOut || error.code == .busy, let conflictStatus else {
                throw error
            }
            context.output.note(error.message)
            return conflictStatus
        }
        context.output.note(refusal)
        return conflictStatus ?? .busy
    }

    private static func renew(
        _ name: LockName, _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        for option in [
            "and", "shared", "slots", "no-wait", "wait", "conflict-status", "reentrant", "close",
            "no-fork", "for-pid",
        ] where arguments.has(option) {
            throw arguments.failure("--renew does not go with --" + option)
        }
        guard arguments.tail.isEmpty else {
            throw arguments.failure("--renew takes no command to run")
        }
        let given = try arguments.integer("token", in: 1...Ticket.maximumNumber)
        if given == nil && context.outerLocks.isEmpty {
            throw arguments.failure("no command that runs this one holds NAME: give its --token")
        }
        let locks = try context.locks()
        guard let token = try given ?? locks.token(of: name, in: context.outerLocks) else {
            throw arguments.failure("no command that runs this one holds NAME: give its --token")
        }
        try locks.renew(name, token: token, length: try lease(arguments))
        return .success
    }

    // MARK: What is asked for

    private static func check(
        _ arguments: ArgumentReader, isForProcess: Bool
    ) throws(UsageError) {
        if arguments.has("no-wait") && arguments.has("wait") {
            throw arguments.failure("--no-wait and --wait exclude each other")
        }
        if arguments.has("shared") && arguments.has("slots") {
            throw arguments.failure("--shared and --slots exclude each other")
        }
        if arguments.has("token") { throw arguments.failure("--token goes with --renew only") }
        if isForProcess {
            guard arguments.tail.isEmpty else {
                throw arguments.failure("--for-pid takes no command to run")
            }
            for option in ["close", "no-fork", "and", "reentrant"] where arguments.has(option) {
                throw arguments.failure("--for-pid does not go with --" + option)
            }
        } else if arguments.tail.isEmpty {
            throw arguments.failure("the command to run is missing")
        }
        if arguments.has("close") && arguments.has("no-fork") {
            throw arguments.failure(
                "--close and --no-fork together would give the lock back at once")
        }
    }

    private static func mode(_ arguments: ArgumentReader) throws(UsageError) -> Ticket.Mode {
        if let slots = try arguments.integer("slots", in: 1...Ticket.maximumSlots) {
            return .slots(slots)
        }
        return arguments.has("shared") ? .shared : .exclusive
    }

    private static func lease(_ arguments: ArgumentReader) throws(UsageError) -> UInt64? {
        guard let duration = try arguments.duration("ttl") else { return nil }
        guard let length = LeaseTerm.length(duration) else {
            throw arguments.failure("--ttl: the time is to be longer than nothing")
        }
        return length
    }

    private static func patience(_ arguments: ArgumentReader) throws(UsageError) -> LockPatience {
        if arguments.has("no-wait") { return .none }
        return LockPatience(try arguments.duration("wait"))
    }

    /// The requests for the locks that are to be taken with the first.
    private static func others(
        _ request: LockService.Request, _ arguments: ArgumentReader
    ) throws -> [LockService.Request] {
        guard arguments.has("and") else { return [] }
        return try arguments.texts("and").map { text in
            var other = LockService.Request(try LockName(text))
            other.mode = request.mode
            other.lease = request.lease
            other.patience = request.patience
            other.command = request.command
            other.under = request.under
            other.onWait = request.onWait
            other.onBusy = request.onBusy
            return other
        }
    }

    /// The command's words, for people to read.
    static func describe(_ words: [Argument]) -> String {
        var bytes: [UInt8] = []
        for word in words {
            if !bytes.isEmpty { bytes.append(UInt8(ascii: " ")) }
            bytes += word.bytes
            if bytes.count > 200 { break }
        }
        return String(decoding: bytes.prefix(200), as: UTF8.self)
    }
}

extension CommandContext {
    /// The locks of the store that the command line and the environment name.
    func locks() throws(CoordinatorError) -> LockService {
        LockService(
            path: try StoreLocation.path(
                settings.store, variable: environment.bytes,
                workingDirectory: AbsolutePath.workingDirectory),
            events: events)
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
}
