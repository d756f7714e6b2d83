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
#if canImport(Darwin)
    private func addDirectory(
        _ actions: UnsafeMutablePointer<posix_spawn_file_actions_t?>, _ path: UnsafePointer<CChar>
    ) -> Int32 {
        posix_spawn_file_actions_addchdir_np(actions, path)
    }
#else
    // Neither C library module shows this one to Swift.
    @_silgen_name("posix_spawn_file_actions_addchdir_np")
    private func addDirectory(
        _ actions: UnsafeMutablePointer<posix_spawn_file_actions_t>, _ path: UnsafePointer<CChar>
    ) -> Int32
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

    /// Puts the command, and what it starts, into a process group of its own,
    /// with no signal blocked.
    mutating func beginGroup() {
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags =
            Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
            | Int32(POSIX_SPAWN_SETPGROUP)
        posix_spawnattr_setflags(&attributes, Int16(flags))
    }

    /// Makes the command the first of a session of its own, with no signal
    /// blocked.
    mutating func beginSession() {
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        #if canImport(Darwin)
            let session: Int32 = 0x0400
        #else
            let session: Int32 = 0x80
        #endif
        let flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | session
        posix_spawnattr_setflags(&attributes, Int16(flags))
    }

    /// Lets the command run in a directory.
    mutating func enter(_ directory: [UInt8]) throws(SystemError) {
        let result = withCStrings([directory]) { names in
            names[0].map { addDirectory(&actions, $0) } ?? EINVAL
        }
        if result != 0 { throw SystemError("chdir", Errno(rawValue: result)) }
    }

    /// Starts a command, found by `PATH`. A script that does not say what runs
    /// it is run by the shell, as `execvp` does. The variables, `NAME=value`
    /// each, take the place of the process's own of the same name.
    mutating func spawn(
        _ words: [[UInt8]], variables: [[UInt8]] = []
    ) throws(SystemError) -> Int32 {
        do throws(SystemError) {
            return try spawnProgram(words, variables)
        } catch {
            guard error.errno == .notExecutable, let name = words.first,
                let script = Self.path(of: name)
            else { throw error }
            return try spawnProgram([Array("/bin/sh".utf8), script] + words.dropFirst(), variables)
        }
    }

    /// Where a command is that is found by `PATH`; nil where there is none.
    static func path(of name: [UInt8]) -> [UInt8]? {
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

    private mutating func spawnProgram(
        _ words: [[UInt8]], _ variables: [[UInt8]]
    ) throws(SystemError) -> Int32 {
        var identifier = pid_t()
        let result = withCStrings(words) { arguments in
            guard let program = arguments[0], let first = arguments.baseAddress else {
                return EINVAL
            }
            if variables.isEmpty {
                return posix_spawnp(&identifier, program, &actions, &attributes, first, environ)
            }
            return withCStrings(Self.environment(with: variables)) { environment in
                guard let start = environment.baseAddress else { return EINVAL }
                return posix_spawnp(&identifier, program, &actions, &attributes, first, start)
            }
        }
        if result != 0 { throw SystemError("posix_spawnp", Errno(rawValue: result)) }
        return identifier
    }
}

extension SpawnAttributes {
    /// The process's environment with some variables in place of its own.
    fileprivate static func environment(with variables: [[UInt8]]) -> [[UInt8]] {
        let equals = UInt8(ascii: "=")
        let names = variables.map { Array($0.prefix { $0 != equals }) }
        var result = variables
        var place = environ
        while let entry = place.pointee {
            let bytes = Array(UnsafeRawBufferPointer(start: entry, count: strlen(entry)))
            if !names.contains(Array(bytes.prefix { $0 != equals })) { result.append(bytes) }
            place += 1
        }
        return result
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
