// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// What the options that every command takes, and the environment, ask for.
struct Settings {
    enum Verbosity { case quiet, normal, verbose }
    enum Color { case auto, always, never }

    /// The store's directory, where it is given.
    let store: String?
    /// Whether the answer is to be JSON.
    let isJSON: Bool
    /// Whether what happens is to be told as lines of JSON.
    let isLoggingJSON: Bool
    let verbosity: Verbosity
    let color: Color

    /// Those of a command line that cannot be read.
    init() {
        store = nil
        isJSON = false
        isLoggingJSON = false
        verbosity = .normal
        color = .auto
    }

    init(_ arguments: ArgumentReader, _ environment: Environment) throws(UsageError) {
        store = try arguments.text("store")
        if store?.isEmpty == true { throw arguments.failure("--store: the directory is empty") }
        isJSON = arguments.has("json")
        isLoggingJSON = arguments.has("log-json")
        if arguments.has("quiet") {
            if arguments.has("verbose") {
                throw arguments.failure("--quiet and --verbose exclude each other")
            }
            verbosity = .quiet
        } else {
            verbosity = arguments.has("verbose") ? .verbose : .normal
        }
        color = try Self.color(arguments, environment)
    }

    /// `--color` overrides `NO_COLOR`, which counts where it is not empty.
    private static func color(
        _ arguments: ArgumentReader, _ environment: Environment
    ) throws(UsageError) -> Color {
        switch try arguments.text("color") {
        case "always": return .always
        case "never": return .never
        case "auto", nil:
            return environment.bytes("NO_COLOR")?.isEmpty == false ? .never : .auto
        case let other?:
            throw arguments.failure(
                "--color: " + Argument(other).quoted + " is none of auto, always and never")
        }
    }
}

/// The surroundings of a command: the process's own, or a test's.
struct Environment {
    /// The bytes of a variable of the environment, nil where it is not set.
    let bytes: (_ name: String) -> [UInt8]?
    /// Begins to merge the runs of a store, and does not wait for it.
    let startMerging: @Sendable (RunMerger) -> Void

    init(
        startMerging: @escaping @Sendable (RunMerger) -> Void = { $0.startThread() },
        _ bytes: @escaping (_ name: String) -> [UInt8]?
    ) {
        self.startMerging = startMerging
        self.bytes = bytes
    }

    static var process: Environment {
        Environment(startMerging: MergeHelper.start) { CurrentProcess.variable($0) }
    }
}
