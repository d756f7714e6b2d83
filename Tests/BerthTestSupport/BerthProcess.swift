// SPDX-License-Identifier: Apache-2.0

import BerthStore
import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A real process of a test: the built `berth`, or a shell that runs it. It
/// is killed when the last reference goes; what it has started, and goes on,
/// when the store goes.
public final class BerthProcess: Sendable {
    /// How a process ended, and what it said.
    public struct Outcome: Hashable, Sendable {
        /// The exit status; 128 + N where signal N ended it.
        public let status: Int32
        /// What it wrote to standard output.
        public let output: String
        /// What it wrote to standard error.
        public let errors: String
    }

    /// What a standard stream of a process is.
    public enum Stream: Hashable, Sendable {
        /// A pipe that the test reads, or writes its input to.
        case pipe
        case file(String)
        case closed
    }

    /// Its pid.
    public let identifier: Int32
    /// Kept for as long as the process is.
    private let store: TemporaryStore
    private let output: PipeReader
    private let errors: PipeReader
    private let status = Event<Int32>()

    // MARK: Starting

    /// Starts `berth` with a store, given by its environment.
    public static func start(
        _ arguments: [String], store: TemporaryStore, environment: [String: String] = [:],
        input: String = "", output: Stream = .pipe, errors: Stream = .pipe,
        inputStream: Stream = .pipe
    ) throws -> BerthProcess {
        try BerthProcess(
            [executable] + arguments, store: store, environment: environment, input: input,
            streams: [inputStream, output, errors])
    }

    /// Starts a shell script in which `berth` is the built one.
    public static func startShell(
        _ script: String, store: TemporaryStore, environment: [String: String] = [:],
        input: String = ""
    ) throws -> BerthProcess {
        try BerthProcess(
            ["/bin/sh", "-c", script], store: store, environment: environment, input: input,
            streams: [.pipe, .pipe, .pipe])
    }

    /// Runs `berth` to its end.
    public static func run(
        _ arguments: [String], store: TemporaryStore, environment: [String: String] = [:],
        input: String = "", output: Stream = .pipe, errors: Stream = .pipe,
        inputStream: Stream = .pipe
    ) async throws -> Outcome {
        try await start(
            arguments, store: store, environment: environment, input: input, output: output,
            errors: errors, inputStream: inputStream
        ).outcome()
    }

    /// The built `berth`, which lies beside the test bundle.
    public static var executable: String { productDirectory + "/berth" }

    private static var productDirectory: String {
        let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }
        let product = bundle?.bundleURL.deletingLastPathComponent() ?? Bundle.main.bundleURL
        return product.path
    }

    private init(
        _ command: [String], store: TemporaryStore, environment: [String: String], input: String,
        streams: [Stream]
    ) throws {
        var variables = environment
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        variables["PATH", default: Self.productDirectory + ":" + path] += ""
        variables["HOME", default: store.directory] += ""
        variables["BERTH_STORE", default: store.path] += ""
        // A variable given as empty is one that is not to be there.
        let pairs = variables.filter { !$0.value.isEmpty }.map { $0.key + "=" + $0.value }

        var ends: [Int32] = []
        var own: [Int32?] = []
        var actions = SpawnActions()
        for (number, stream) in streams.enumerated() {
            let descriptor = Int32(number)
            switch stream {
            case .pipe:
                let (reading, writing) = try Self.makePipe()
                let theirs = number == 0 ? reading : writing
                ends.append(theirs)
                own.append(number == 0 ? writing : reading)
                actions.duplicate(theirs, to: descriptor)
            case .file(let path):
                own.append(nil)
                actions.open(path, as: descriptor)
            case .closed:
                own.append(nil)
                actions.close(descriptor)
            }
        }
        defer { for end in ends { _ = close(end) } }
        self.store = store
        identifier = try actions.spawn(command, pairs)
        store.end(groupOf: identifier) { [status] in status.value != nil }
        output = try PipeReader(own[1])
        errors = try PipeReader(own[2])
        if let descriptor = own[0] { try Self.write(Array(input.utf8), to: descriptor) }
        try Thread.start { [identifier, status] in
            var raw: Int32 = 0
            while waitpid(identifier, &raw, 0) == -1 && errno == EINTR {}
            let signal = raw & 0x7F
            status.set(signal == 0 ? (raw >> 8) & 0xFF : 128 + signal)
        }
    }

    deinit {
        if status.value == nil { kill(identifier, SIGKILL) }
    }

    private static func makePipe() throws -> (reading: Int32, writing: Int32) {
        var descriptors: [Int32] = [-1, -1]
        guard pipe(&descriptors) == 0 else { throw POSIXError(.EMFILE) }
        // A moment's inheritance by a process started beside this is harmless
        // for all but the writing ends, and those its exec closes.
        for descriptor in descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        return (descriptors[0], descriptors[1])
    }

    /// Writes on a thread: more than a pipe holds must not block the test.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) throws {
        signal(SIGPIPE, SIG_IGN)
        try Thread.start {
            let file = FileDescriptor(rawValue: descriptor)
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = rest.withUnsafeBytes { try? FileCalls.write(file, $0) }
                guard let written else { break }
                rest = rest.dropFirst(written)
            }
            FileCalls.close(file)
        }
    }

    // MARK: Watching

    /// Waits until standard output holds a line that contains a text, or is at
    /// its end; returns whether it does.
    public func hasPrinted(_ text: String) async -> Bool {
        await output.contains(text)
    }

    /// The same for standard error.
    public func hasComplained(_ text: String) async -> Bool {
        await errors.contains(text)
    }

    /// Waits for the end of the process itself: what it started may go on.
    public func exitStatus() async -> Int32 {
        await status.wait()
    }

    /// Waits for the end of the process, and of all it said.
    public func outcome() async -> Outcome {
        let status = await exitStatus()
        return Outcome(status: status, output: await output.all(), errors: await errors.all())
    }

    /// The corresponding C function is `kill`. Does nothing to a process that has ended.
    public func send(_ signal: Int32) {
        if status.value == nil { kill(identifier, signal) }
    }
}
