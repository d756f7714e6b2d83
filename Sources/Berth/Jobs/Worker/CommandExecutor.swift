// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Does jobs by commands: those that are commands themselves, and others by a
/// handler, which gets the payload on its standard input.
///
/// A command runs in a process group of its own and keeps the file of its
/// attempt locked: when the worker is killed it is still known to run, and is
/// ended before another begins. What it writes goes to the log of the job.
package struct CommandExecutor: JobExecutor {
    /// The command for jobs that are none themselves.
    package let handler: [[UInt8]]?
    /// How long a job is put off whose command ends with status 75.
    package let snooze: Duration

    package init(handler: [[UInt8]]?, snooze: Duration = .seconds(60)) {
        self.handler = handler
        self.snooze = snooze
    }

    var runsCommands: Bool { true }

    /// The kinds of jobs that it can do; nil is all.
    var kinds: [String]? { handler == nil ? [JobCommand.kind] : nil }

    /// How long a job is put off for whose command the machine had no room.
    private static var shortagePause: Duration { .seconds(10) }

    /// The status by which a command says that its job is to be done later.
    static var snoozeStatus: Int32 { 75 }

    func start(
        _ job: Job, payload: [UInt8], for member: JobMember,
        whenDone: @escaping @Sendable (JobResult) -> Void
    ) -> any RunningJob {
        do {
            return try run(job, payload, member, whenDone)
        } catch let error as CoordinatorError where error.isShortage {
            // Not the fault of the job, whose only attempt it may be.
            whenDone(.snoozed(Self.shortagePause))
            return NothingRunning()
        } catch {
            whenDone(.failed((error as? CoordinatorError)?.message ?? "\(error)"))
            return NothingRunning()
        }
    }

    private struct NothingRunning: RunningJob {
        func cancel() {}
        func kill() {}
    }

    private func run(
        _ job: Job, _ payload: [UInt8], _ member: JobMember,
        _ whenDone: @escaping @Sendable (JobResult) -> Void
    ) throws -> any RunningJob {
        let store = member.presence.store
        var words = handler ?? []
        var directory: [UInt8]?
        var variables = Self.variables(job, store)
        var input: [UInt8]? = payload
        if job.kind == JobCommand.kind {
            guard let command = JobCommand(json: payload) else {
                throw CoordinatorError(.invalid, "its payload is none of a command")
            }
            words = command.words.map { Array($0.utf8) }
            directory = Array(command.directory.utf8)
            variables += command.variables.map { Array(($0.name + "=" + $0.value).utf8) }
            input = nil
        }
        let log = try JobLog.open(job.id, in: store)
        defer { FileCalls.close(log) }
        let attempt = try AttemptFile(
            of: member.name, job.id, job.claim?.token ?? 0, in: member.presence.folder)
        do throws(SystemError) {
            let command = try Self.start(
                words, directory, variables, input, log, keeping: attempt.file)
            // Beside the command, which runs already.
            attempt.note(command.identifier)
            let running = RunningCommand(command.identifier)
            let snooze = snooze
            do throws(SystemError) {
                try Thread.start {
                    let ending = try? command.wait { running.hasEnded() }
                    attempt.end()
                    whenDone(JobResult(ending, snooze: snooze))
                }
            } catch {
                Self.kill(command)
                throw error
            }
            return running
        } catch {
            attempt.end()
            if error.errno == .tryAgain {
                throw CoordinatorError(
                    .exhausted, "no more processes can be started", cause: error)
            }
            throw CoordinatorError.system(Self.failure(to: words, in: directory), error)
        }
    }

    /// What could not be done: the system tells a directory that is gone as it
    /// does a command.
    private static func failure(to words: [[UInt8]], in directory: [UInt8]?) -> String {
        if let directory = directory.map({ String(decoding: $0, as: UTF8.self) }),
            (try? FileCalls.status(ofPath: directory)) == nil
        {
            return "cannot run anything in '" + directory + "'"
        }
        let name = words.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
        return "cannot run '" + name + "'"
    }

    private static func start(
        _ words: [[UInt8]], _ directory: [UInt8]?, _ variables: [[UInt8]], _ input: [UInt8]?,
        _ output: FileDescriptor, keeping file: FileDescriptor
    ) throws(SystemError) -> ChildProcess {
        guard let input else {
            let nothing = try FileCalls.openForReading("/dev/null")
            defer { FileCalls.close(nothing) }
            return try ChildProcess.startGroup(
                words, in: directory, variables: variables, inheriting: [file], input: nothing,
                output: output)
        }
        let pipe = try Pipe()
        let command: ChildProcess
        do throws(SystemError) {
            defer { FileCalls.close(pipe.reading) }
            command = try ChildProcess.startGroup(
                words, in: directory, variables: variables, inheriting: [file],
                input: pipe.reading, output: output)
        } catch {
            FileCalls.close(pipe.writing)
            throw error
        }
        do throws(SystemError) {
            try pipe.feed(input + [UInt8(ascii: "\n")])
        } catch {
            FileCalls.close(pipe.writing)
            kill(command)
            throw error
        }
        return command
    }

    /// Ends a command that cannot be looked after.
    private static func kill(_ command: ChildProcess) {
        Signals.send(.kill, toGroup: command.identifier)
        _ = try? command.wait()
    }

    private static func variables(_ job: Job, _ store: String) -> [[UInt8]] {
        var variables = [
            "BERTH_STORE=" + store, "BERTH_JOB_ID=" + job.id.description,
            "BERTH_JOB_QUEUE=" + job.queue, "BERTH_JOB_KIND=" + job.kind,
            "BERTH_JOB_ATTEMPT=" + String(job.attempt),
            "BERTH_JOB_MAX_ATTEMPTS=" + String(job.maximumAttempts),
            "BERTH_JOB_TOKEN=" + String(job.claim?.token ?? 0),
        ]
        if let key = job.key { variables.append("BERTH_JOB_KEY=" + key) }
        return variables.map { Array($0.utf8) }
    }
}

/// A command that runs, until its number may belong to another.
///
/// `@unchecked Sendable` because its state is only touched under `monitor`.
private final class RunningCommand: RunningJob, @unchecked Sendable {
    private let monitor = Monitor()
    private let process: Int32
    private var isOver = false

    init(_ process: Int32) {
        self.process = process
    }

    func hasEnded() {
        monitor.lock()
        isOver = true
        monitor.unlock()
    }

    func cancel() { send(.terminate) }
    func kill() { send(.kill) }

    private func send(_ signal: Signals.Kind) {
        monitor.lock()
        defer { monitor.unlock() }
        if !isOver { Signals.send(signal, toGroup: process) }
    }
}

extension JobResult {
    /// What the ending of a command says; nil is one that could not be waited for.
    fileprivate init(_ ending: ChildProcess.Ending?, snooze: Duration) {
        switch ending {
        case .exited(0): self = .completed(output: nil)
        case .exited(CommandExecutor.snoozeStatus): self = .snoozed(snooze)
        case .exited(let status): self = .failed("its command ended with status " + String(status))
        case .killed(let signal):
            self = .failed("its command was ended by signal " + String(signal))
        case nil: self = .failed("its command could not be waited for")
        }
    }
}
