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
/// How a command is started. The corresponding C types are
/// `posix_spawn_file_actions_t` and `posix_spawnattr_t`.
struct SpawnAttributes: ~Copyable {
    #if canImport(Darwin)
        private var actions: posix_spawn_file_actions_t?
        private var attributes: posix_spawnattr_t?
    #else
        private var actions = posix_spawn_file_actions_t()
        private var attributes = posix_spawnattr_t()
    #endif

    /// The dispositions that a command-line tool changes for itself are given
    /// back to the command.
    init() {
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        var defaults = sigset_t()
        sigemptyset(&defaults)
        CurrentProcess.addWriteSignals(to: &defaults)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
    }

    deinit {
        var (actions, attributes) = (actions, attributes)
        posix_spawn_file_actions_destroy(&actions)
        posix_spawnattr_destroy(&attributes)
    }

    mutating func setMask(_ mask: sigset_t) {
        var mask = mask
        posix_spawnattr_setsigmask(&attributes, &mask)
        let flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
        posix_spawnattr_setflags(&attributes, Int16(flags))
    }

    /// Gives the command nothing to read from or to write to.
    mutating func closeStreams() {
        for stream in 0...2 as ClosedRange<Int32> {
            posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0)
        }
    }

    /// Keeps descriptors open in the command, under their own numbers.
    mutating func inherit(_ files: [FileDescriptor]) {
        for file in files {
            #if canImport(Darwin)
                posix_spawn_file_actions_addinherit_np(&actions, file.rawValue)
            #else
                // Onto itself: that takes close-on-exec away, in the command only.
                posix_spawn_file_actions_adddup2(&actions, file.rawValue, file.rawValue)
            #endif
        }
    }

    /// Closes a descriptor in the command.
    mutating func close(_ file: FileDescriptor) {
        posix_spawn_file_actions_addclose(&actions, file.rawValue)
    }

    /// Gives the command a file as one of its standard streams.
    mutating func place(_ file: FileDescriptor, as stream: FileDescriptor) {
        posix_spawn_file_actions_adddup2(&actions, file.rawValue, stream.rawValue)
    }

    /// Starts a command, found by `PATH`. A script that does not say what runs
    /// it is run by the shell, as `execvp` does.
    mutating func spawn(_ words: [[UInt8]]) throws(SystemError) -> Int32 {
        do throws(SystemError) {
            return try spawnProgram(words)
        } catch {
            guard error.errno == .notExecutable, let name = words.first,
                let script = Self.path(of: name)
            else { throw error }
            return try spawnProgram([Array("/bin/sh".utf8), script] + words.dropFirst())
        }
    }

    /// Where a command is that is found by `PATH`.
    private static func path(of name: [UInt8]) -> [UInt8]? {
        let slash = UInt8(ascii: "/")
        if name.contains(slash) { return name }
        let colon = UInt8(ascii: ":")
        let places = CurrentProcess.variable("PATH") ?? Array("/bin:/usr/bin".utf8)
        for place in places.split(separator: colon, omittingEmptySubsequences: false) {
            let path = place.isEmpty ? name : place + [slash] + name
            if withCStrings([path], { $0[0].map { access($0, X_OK) } == 0 }) { return path }
        }
        return nil
    }

    private mutating func spawnProgram(_ words: [[UInt8]]) throws(SystemError) -> Int32 {
        var identifier = pid_t()
        let result = withCStrings(words) { arguments in
            guard let program = arguments[0], let first = arguments.baseAddress else {
                return EINVAL
            }
            return posix_spawnp(&identifier, program, &actions, &attributes, first, environ)
        }
        if result != 0 { throw SystemError("posix_spawnp", Errno(rawValue: result)) }
        return identifier
    }
}

/// Lends texts as C does: each ends with NUL, and a null pointer ends them all.
func withCStrings<Result>(
    _ words: [[UInt8]],
    _ body: (UnsafeMutableBufferPointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    withUnsafeTemporaryAllocation(
        of: UnsafeMutablePointer<CChar>?.self, capacity: words.count + 1
    ) { pointers in
        for (index, word) in words.enumerated() {
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: word.count + 1)
            for (place, byte) in word.enumerated() { copy[place] = CChar(bitPattern: byte) }
            copy[word.count] = 0
            pointers.initializeElement(at: index, to: copy)
        }
        pointers.initializeElement(at: words.count, to: nil)
        defer { for pointer in pointers { pointer?.deallocate() } }
        return body(pointers)
    }
}
