// SPDX-License-Identifier: Apache-2.0

import Berth

/// One thing that the `berth` command does: a thin layer that reads its
/// options, makes one call of the library, and prints the answer.
protocol Command {
    /// What may stand on its command line.
    static var syntax: CommandSyntax { get }

    /// Does it. The answer goes to the context's output; an error that is
    /// thrown becomes a message and a status.
    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus
}

/// What a command works with.
struct CommandContext {
    let settings: Settings
    let environment: Environment
    let streams: Streams
    let output: Output

    /// The store that the command line and the environment name. Nothing of it
    /// is touched yet.
    func coordinator(
        durability: Coordinator.Durability = .full, timeout: Duration? = .seconds(5)
    ) throws(CoordinatorError) -> Coordinator {
        Coordinator.open(
            at: try storePath(), durability: durability, timeout: timeout,
            onEvent: eventHandler, startMerging: environment.startMerging)
    }

    /// The path of that store.
    func storePath() throws(CoordinatorError) -> String {
        try StoreLocation.path(
            settings.store, variable: environment.bytes,
            workingDirectory: AbsolutePath.workingDirectory)
    }

    /// What happens, told to whoever asked for it, on standard error: as lines
    /// of JSON, or in words.
    var events: EventReporter { EventReporter(eventHandler) }

    private var eventHandler: Coordinator.EventHandler? {
        let write = streams.writeMessage
        if settings.isLoggingJSON {
            return { event in write(Array((event.json + "\n").utf8)) }
        }
        guard settings.verbosity == .verbose else { return nil }
        return { event in write(Output.line(event.description)) }
    }
}
