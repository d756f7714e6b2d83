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

/// Signals to other processes, and to this one.
package enum Signals {
    /// What is sent.
    package enum Kind {
        case terminate, kill

        var number: Int32 {
            switch self {
            case .terminate: SIGTERM
            case .kill: SIGKILL
            }
        }
    }

    /// Sends a signal to a group of processes, or where there is none by that
    /// number, to the process. The corresponding C function is `kill`.
    package static func send(_ signal: Kind, toGroup group: Int32) {
        precondition(group > 1, "a signal to everybody")
        if kill(-group, signal.number) == -1 { _ = kill(group, signal.number) }
    }

    /// Whether a process is the one by whose number its group goes. The
    /// corresponding C function is `getpgid`.
    package static func leadsGroup(_ process: Int32) -> Bool {
        getpgid(process) == process
    }

    /// From now on TERM, INT and HUP do not end this process, but wake whoever
    /// reads the returned descriptor: a byte for each. One that is ignored
    /// stays so; one that whoever started this process has blocked does not,
    /// here and in the commands that this process starts. The corresponding C
    /// functions are `sigaction` and `sigprocmask`.
    package static func catchEndings() throws(SystemError) -> FileDescriptor {
        let pipe = try Pipe()
        _ = fcntl(pipe.writing.rawValue, F_SETFL, O_NONBLOCK)
        _ = fcntl(pipe.reading.rawValue, F_SETFL, O_NONBLOCK)
        endingPipe = pipe.writing.rawValue
        var caught = sigset_t()
        sigemptyset(&caught)
        defer { sigprocmask(SIG_UNBLOCK, &caught, nil) }
        for number in [SIGTERM, SIGINT, SIGHUP] {
            var current = sigaction()
            sigaction(number, nil, &current)
            if isIgnoring(current) { continue }
            sigaddset(&caught, number)
            signal(number) { _ in
                let saved = errno
                var byte = UInt8(ascii: "!")
                withUnsafeBytes(of: &byte) { _ = systemWrite(endingPipe, $0) }
                errno = saved
            }
        }
        return pipe.reading
    }
}

/// Where caught signals are told. Unsafe because a signal's handler reads it at
/// any moment, which is sound for a word that is written once before.
private nonisolated(unsafe) var endingPipe: Int32 = -1
