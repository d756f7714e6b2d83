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

// What the process was started with, and how it ends.
extension CurrentProcess {
    /// The bytes of each argument, the command's own name left out.
    package static var arguments: [[UInt8]] {
        var arguments: [[UInt8]] = []
        for index in 1..<max(1, Int(CommandLine.argc)) {
            guard let argument = CommandLine.unsafeArgv[index] else { break }
            arguments.append(bytes(of: argument))
        }
        return arguments
    }

    /// The bytes of an environment variable. The corresponding C function is `getenv`.
    package static func variable(_ name: String) -> [UInt8]? {
        getenv(name).map { bytes(of: $0) }
    }

    /// The bytes of the working directory's path. The corresponding C function is `getcwd`.
    package static func workingDirectory() throws(SystemError) -> [UInt8] {
        guard let path = getcwd(nil, 0) else { throw .current("getcwd") }
        defer { free(path) }
        return bytes(of: path)
    }

    /// Opens `/dev/null` in the place of each standard stream that is closed,
    /// so that no file opened later can take its number and be written to by
    /// whoever prints a message. A command that is started finds it closed.
    package static func openClosedStreams() {
        for descriptor in 0...2 as ClosedRange<Int32> where fcntl(descriptor, F_GETFD) == -1 {
            // The lowest free number is this one: those below are open by now.
            _ = systemOpen("/dev/null", O_RDWR | O_CLOEXEC)
        }
    }

    /// Makes a write to a closed pipe, and one past the limit of a file's
    /// size, fail instead of ending the process. A command that is started is
    /// given the default dispositions back, where it was not to ignore them anyway.
    package static func ignoreWriteSignals() {
        ignoresPipe = ignore(SIGPIPE)
        ignoresFileSize = ignore(SIGXFSZ)
    }

    /// Undoes what ``ignoreWriteSignals()`` has changed.
    static func restoreWriteSignals() {
        if ignoresPipe { signal(SIGPIPE, SIG_DFL) }
        if ignoresFileSize { signal(SIGXFSZ, SIG_DFL) }
    }

    /// Adds the signals that ``ignoreWriteSignals()`` has changed.
    static func addWriteSignals(to signals: inout sigset_t) {
        if ignoresPipe { sigaddset(&signals, SIGPIPE) }
        if ignoresFileSize { sigaddset(&signals, SIGXFSZ) }
    }

    /// Ignores a signal; returns whether it was not ignored before.
    private static func ignore(_ number: Int32) -> Bool {
        var current = sigaction()
        sigaction(number, nil, &current)
        if isIgnoring(current) { return false }
        signal(number, SIG_IGN)
        return true
    }

    /// Begins a session of its own, which no signal of a terminal reaches, and
    /// keeps no working directory in use. The corresponding C functions are
    /// `setsid` and `chdir`.
    package static func detach() {
        setsid()
        _ = chdir("/")
    }

    /// The corresponding C function is `exit`.
    package static func end(status: Int32) -> Never {
        exit(status)
    }

    private static func bytes(of text: UnsafePointer<CChar>) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
    }
}

// Unsafe because nothing guards them: they are set once, by a process's first
// and only thread, before it starts anything.
private nonisolated(unsafe) var ignoresPipe = false
private nonisolated(unsafe) var ignoresFileSize = false
