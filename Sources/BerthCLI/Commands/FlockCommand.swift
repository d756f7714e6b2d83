// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// `berth flock`: `flock(1)` of util-linux, with its options, messages and
/// statuses. It locks the file itself, so each of the two excludes the other.
enum FlockCommand: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "flock", summary: "lock a file as flock(1) does, option by option",
            operands: ["FILE|FD", "[COMMAND]", "[ARG…]"], tail: .verbatim,
            options: [
                .flag("shared", "s", "share the lock with others who share it"),
                .flag("exclusive", "x", "exclude everyone, as without it; -e is the same"),
                .flag("unlock", "u", "give the lock back"),
                .flag("nonblocking", "n", "do not wait"),
                .flag("nb", nil, "the same as --nonblocking"),
                .value("timeout", "w", "SECONDS", "wait no longer than this"),
                .value("wait", nil, "SECONDS", "the same as --timeout"),
                .value(
                    "conflict-exit-code", "E", "STATUS",
                    "the status where the lock is not to be had, in place of 1"),
                .flag("close", "o", "do not let the command keep the lock"),
                .flag("no-fork", "F", "become the command, instead of running it"),
                .value("command", "c", "COMMAND", "let $SHELL run this, behind FILE or --fd"),
                .value("fd", nil, "FD", "lock a file that is open, and run a command"),
                .flag("fcntl", nil, "lock by fcntl(2), which flock(2) does not see"),
                .value("start", nil, "OFFSET", "lock from this byte; implies --fcntl"),
                .value("length", nil, "BYTES", "lock so many bytes; implies --fcntl"),
                .flag("verbose", nil, "say how long it took, or why it failed"),
                .flag("help", "h", "print this help"),
                .flag("version", "V", "print the version"),
            ],
            details: """
                The forms of flock(1):
                  berth flock [OPTION…] FILE COMMAND [ARG…]
                  berth flock [OPTION…] FILE -c COMMAND
                  berth flock [OPTION…] FD
                  berth flock [OPTION…] --fd FD COMMAND [ARG…]
                  berth flock [OPTION…] --fd FD -c COMMAND
                FILE may be a directory; it is made where it is missing. With FD alone the lock
                stays with whoever has the file open. The status is that of COMMAND; 1 where the
                lock is not to be had; 64 usage, 65 cannot lock, 66 or 73 cannot open, 69 cannot
                run COMMAND, 71 the system refused.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let syntax = syntax
        do throws(FlockUsageError) {
            switch try FlockReader.request(arguments.tail, syntax.options) {
            case .help:
                _ = HelpCommand.explain(syntax, of: nil, context)
                return context.endAsFlock()
            case .version:
                context.output.print("flock from berth " + CommandLineTool.version)
                return context.endAsFlock()
            case .lock(let plan):
                var run = FlockRun(plan, context)
                return run.run()
            }
        } catch {
            context.complainAsFlock(error.message)
            if error.pointsToHelp {
                context.streams.writeMessage(
                    Array("Try 'berth flock --help' for more information.\n".utf8))
            }
            return .usage
        }
    }
}

extension CommandContext {
    /// Says something under the name by which scripts know the command.
    fileprivate func complainAsFlock(_ message: String) {
        streams.writeMessage(Array(("flock: " + TerminalText.escaped(message) + "\n").utf8))
    }

    /// Prints the answer, and returns the status at the end.
    fileprivate func endAsFlock() -> ExitStatus {
        do throws(SystemError) {
            try output.flush()
            return .success
        } catch {
            return endAsFlock(.success, error)
        }
    }

    /// The status at the end; one of failure where the answer was not printed.
    fileprivate func endAsFlock(_ status: ExitStatus, _ failure: SystemError?) -> ExitStatus {
        guard let failure, failure.errno != .brokenPipe else { return status }
        complainAsFlock("write error: " + failure.errno.description)
        return .no
    }
}

/// One lock of a file, and the command that is run under it.
private struct FlockRun {
    private let plan: FlockPlan
    private let context: CommandContext
    /// Why standard output could not be written to.
    private var failure: SystemError?

    init(_ plan: FlockPlan, _ context: CommandContext) {
        self.plan = plan
        self.context = context
    }

    mutating func run() -> ExitStatus {
        let begin = Clock.monotonic
        let file: FileDescriptor
        do throws(UserFileLock.Failure) {
            switch try plan.lock.acquire(
                waiting: plan.isWaiting, microseconds: plan.microseconds)
            {
            case .held(let locked): file = locked
            case .conflict: return refused("failed to get lock")
            case .timedOut: return refused("timeout while waiting to get lock")
            }
        } catch {
            return failed(error)
        }
        if plan.isVerbose { tell("getting lock took " + Self.seconds(since: begin)) }
        let words: [[UInt8]]
        switch plan.command {
        case .none: return context.endAsFlock(.success, failure)
        case .words(let command): words = command.map { $0.bytes }
        case .shell(let command): words = [shell, Array("-c".utf8), command.bytes]
        }
        if plan.isVerbose { tell("executing " + Self.text(words[0])) }
        let status = runCommand(words, file)
        return context.endAsFlock(status, failure)
    }

    private func runCommand(_ words: [[UInt8]], _ file: FileDescriptor) -> ExitStatus {
        do throws(SystemError) {
            guard plan.isOwnProcess else {
                throw ChildProcess.become(words, inheriting: [file])
            }
            // Signals are not sent on: whoever ends this process leaves the
            // lock with the command.
            let child = try ChildProcess.start(
                words, inheriting: plan.isFileClosed ? [] : [file],
                closing: plan.isFileClosed ? file : nil, forwardingSignals: false)
            return ExitStatus(try child.wait())
        } catch {
            if error.errno == .tryAgain {
                complain("fork failed", error)
                return .exhausted
            }
            complain("failed to execute " + Self.text(words[0]), error)
            return error.errno == .noMemory ? .exhausted : .cannotRun
        }
    }

    private var shell: [UInt8] {
        let shell = context.environment.bytes("SHELL") ?? []
        return shell.isEmpty ? Array("/bin/sh".utf8) : shell
    }

    // MARK: Endings

    private func refused(_ reason: String) -> ExitStatus {
        if plan.isVerbose { context.complainAsFlock(reason) }
        return ExitStatus(rawValue: plan.conflictStatus)
    }

    private func failed(_ failure: UserFileLock.Failure) -> ExitStatus {
        switch failure {
        case .opening(let error):
            complain("cannot open lock file " + subject, error)
            switch error.errno {
            case .noMemory, .processFilesExhausted, .systemFilesExhausted: return .exhausted
            case .readOnlyFileSystem, .noSpace: return .cannotCreate
            default: return .cannotOpen
            }
        case .settingTimer(let error):
            complain("cannot set up timer", error)
            return .exhausted
        case .locking(let error):
            complain(subject, error)
            return error.errno == .noLocks || error.errno == .noMemory ? .exhausted : .cannotLock
        }
    }

    // MARK: Texts

    /// Says something on standard output, at once: the command writes there too.
    private mutating func tell(_ message: String) {
        context.output.print("flock: " + TerminalText.escaped(message))
        do throws(SystemError) {
            try context.output.flush()
        } catch {
            failure = error
        }
    }

    private func complain(_ message: String, _ error: SystemError) {
        context.complainAsFlock(message + ": " + error.errno.description)
    }

    private var subject: String {
        switch plan.lock.subject {
        case .file(let path): Self.text(path)
        case .descriptor(let number): String(number)
        }
    }

    private static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    private static func seconds(since begin: UInt64) -> String {
        let microseconds = (Clock.monotonic - begin) / 1000
        let digits = String(microseconds % 1_000_000)
        let zeros = String(repeating: "0", count: 6 - digits.utf8.count)
        return String(microseconds / 1_000_000) + "." + zeros + digits + " seconds"
    }
}

extension ExitStatus {
    /// The statuses of `flock(1)` that mean something else elsewhere.
    fileprivate static var cannotLock: ExitStatus { ExitStatus(rawValue: 65) }
    fileprivate static var cannotOpen: ExitStatus { ExitStatus(rawValue: 66) }
    fileprivate static var cannotRun: ExitStatus { ExitStatus(rawValue: 69) }
}
