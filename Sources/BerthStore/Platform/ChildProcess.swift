// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#else
    #error("Berth has not been taught the C library of this platform")
#endif
/// A command that this process runs and waits for.
package struct ChildProcess {
    /// How a process ended.
    package enum Ending: Hashable, Sendable {
        case exited(Int32)
        case killed(signal: Int32)
    }

    package let identifier: Int32

    /// The signals that are passed on to the command.
    private static var forwarded: [Int32] { [SIGTERM, SIGINT, SIGHUP, SIGQUIT] }

    /// Why a command could not be run that is found by `PATH`; nil where nothing
    /// speaks against it. The corresponding C function is `access`.
    package static func obstacle(to name: [UInt8]) -> Errno? {
        guard let path = SpawnAttributes.path(of: name) else { return .noEntry }
        return withCStrings([path]) { paths in
            paths[0].map { access($0, X_OK) } == 0 ? nil : .current
        }
    }

    /// Starts a command, found by `PATH`, with this process's environment. The
    /// corresponding C function is `posix_spawnp`.
    ///
    /// From now on, unless that is not wanted, a TERM, INT, HUP or QUIT sent to
    /// this process is sent on to the command; one that a terminal sends to
    /// both is not sent twice, and one that is ignored stays so. The command
    /// keeps the given descriptors, under the same numbers, and does without
    /// one that is to be closed.
    package static func start(
        _ words: [[UInt8]], inheriting files: [FileDescriptor] = [],
        closing closed: FileDescriptor? = nil, input: FileDescriptor? = nil,
        output: FileDescriptor? = nil, forwardingSignals: Bool = true
    ) throws(SystemError) -> ChildProcess {
        // A signal between the start and the noting of the pid waits for its turn.
        var blocked = sigset_t()
        var original = sigset_t()
        sigemptyset(&blocked)
        if forwardingSignals { for signal in forwarded { sigaddset(&blocked, signal) } }
        sigprocmask(SIG_BLOCK, &blocked, &original)
        defer { sigprocmask(SIG_SETMASK, &original, nil) }
        // Ignored, it would take the command's ending from us.
        signal(SIGCHLD, SIG_DFL)

        var attributes = SpawnAttributes()
        attributes.setMask(original)
        attributes.inherit(files)
        if let closed { attributes.close(closed) }
        if let input { attributes.place(input, as: .standardInput) }
        if let output { attributes.place(output, as: .standardOutput) }
        let identifier = try attributes.spawn(words)
        if forwardingSignals {
            forwardTarget = identifier
            for signal in forwarded { installForwarding(of: signal) }
        }
        return ChildProcess(identifier: identifier)
    }

    /// Starts a command, found by `PATH`, in a process group of its own, with
    /// this process's environment and some variables more. Its standard error
    /// goes where its standard output goes. The corresponding C function is
    /// `posix_spawnp`.
    ///
    /// - Parameters:
    ///   - words: The command and its arguments.
    ///   - directory: Where it runs; nil is where this process does.
    ///   - variables: `NAME=value` each, in place of those of the same name.
    ///   - files: The descriptors that it keeps, under the same numbers.
    ///   - input: Its standard input.
    ///   - output: Its standard output and standard error.
    /// - Returns: The command.
    /// - Throws: Why it cannot be started.
    package static func startGroup(
        _ words: [[UInt8]], in directory: [UInt8]?, variables: [[UInt8]],
        inheriting files: [FileDescriptor], input: FileDescriptor, output: FileDescriptor
    ) throws(SystemError) -> ChildProcess {
        var attributes = SpawnAttributes()
        attributes.beginGroup()
        if let directory { try attributes.enter(directory) }
        attributes.inherit(files)
        attributes.place(input, as: .standardInput)
        attributes.place(output, as: .standardOutput)
        attributes.place(output, as: .standardError)
        return ChildProcess(identifier: try attributes.spawn(words, variables: variables))
    }

    /// Starts a program, by its path, that goes on by itself: in a session of
    /// its own, with none of this process's streams. The corresponding C
    /// function is `posix_spawn` with `POSIX_SPAWN_SETSID`.
    package static func startDetached(_ words: [[UInt8]]) throws(SystemError) {
        let nothing = try FileCalls.openForUpdating("/dev/null")
        defer { FileCalls.close(nothing) }
        var attributes = SpawnAttributes()
        attributes.beginSession()
        attributes.place(nothing, as: .standardInput)
        attributes.place(nothing, as: .standardOutput)
        attributes.place(nothing, as: .standardError)
        _ = try attributes.spawn(words)
    }

    /// Starts a command that nobody waits for, without standard streams: it may
    /// go on when this process ends.
    package static func startAside(_ words: [[UInt8]]) throws(SystemError) {
        var attributes = SpawnAttributes()
        attributes.closeStreams()
        let identifier = try attributes.spawn(words)
        // Without a thread, whoever inherits the dead takes it away.
        try? Thread.start {
            var status: Int32 = 0
            _ = try? FileCalls.retrying("waitpid") { waitpid(identifier, &status, 0) }
        }
    }

    /// Waits for the end. The corresponding C functions are `waitid` and
    /// `waitpid`. What is to be done while the ended command still has its pid
    /// is done in between.
    package func wait(beforeReaping body: () -> Void = {}) throws(SystemError) -> Ending {
        // The ended command keeps its pid until the forwarding is off, so that
        // no signal can reach another process by that number.
        var information = siginfo_t()
        _ = try FileCalls.retrying("waitid") {
            waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT)
        }
        if forwardTarget == identifier { forwardTarget = 0 }
        body()
        var status: Int32 = 0
        _ = try FileCalls.retrying("waitpid") { waitpid(identifier, &status, 0) }
        let signal = status & 0x7F
        return signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal: signal)
    }

    /// Becomes a command, found by `PATH`; returns only where that fails. The
    /// corresponding C function is `execvp`. The command keeps the given
    /// descriptors, under the same numbers.
    package static func become(
        _ words: [[UInt8]], inheriting files: [FileDescriptor]
    ) -> SystemError {
        signal(SIGCHLD, SIG_DFL)
        CurrentProcess.restoreWriteSignals()
        for file in files { _ = fcntl(file.rawValue, F_SETFD, 0) }
        return withCStrings(words) { arguments in
            if let program = arguments[0], let first = arguments.baseAddress {
                execvp(program, first)
            }
            return .current("execvp")
        }
    }

    /// The same, with a socket as the first descriptor after the standard
    /// streams, where socket activation has it. See `sd_listen_fds(3)`.
    package static func become(
        _ words: [[UInt8]], listening socket: FileDescriptor
    ) -> SystemError {
        let first = FileDescriptor(rawValue: 3)
        if socket != first {
            // What has been there is closed: it is the command's place now.
            guard dup2(socket.rawValue, first.rawValue) != -1 else { return .current("dup2") }
        }
        return become(words, inheriting: [first])
    }

    /// Sets a variable of the environment that commands are given. The
    /// corresponding C function is `setenv`.
    package static func setVariable(_ name: String, _ value: String) {
        setenv(name, value, 1)
    }

    /// Sends a signal on, unless the process ignores it.
    private static func installForwarding(of number: Int32) {
        var current = sigaction()
        sigaction(number, nil, &current)
        guard !isIgnoring(current) else { return }
        var action = sigaction()
        let handler: SignalHandler = { number, information, _ in
            guard let information, isFromProcess(information.pointee) else { return }
            let target = forwardTarget
            let saved = errno
            if target > 0 { kill(target, number) }
            errno = saved
        }
        setHandler(handler, of: &action)
        action.sa_flags = Int32(SA_SIGINFO) | Int32(SA_RESTART)
        sigaction(number, &action, nil)
    }
}

/// Whom signals are sent on to; 0 is nobody. Unsafe because a signal's handler
/// reads it at any moment, which is sound for a word that is read and written whole.
private nonisolated(unsafe) var forwardTarget: pid_t = 0

/// Whether a signal was sent by a process, and not by a terminal: those come
/// from the kernel, which has no pid on Darwin, and positive codes on Linux.
private func isFromProcess(_ information: siginfo_t) -> Bool {
    #if canImport(Darwin)
        information.si_pid != 0
    #else
        information.si_code <= 0
    #endif
}
