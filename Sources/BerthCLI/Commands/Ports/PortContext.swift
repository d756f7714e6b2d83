// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// What a command on ports works with: its options over the environment, and
/// that over the files of the project and the store.
struct PortContext {
    let arguments: ArgumentReader
    let context: CommandContext
    let configuration: PortConfiguration
    /// The current directory, without links.
    let directory: String
    let files: ConfigurationFiles

    /// Reads the configuration that counts in the current directory, or beside
    /// the project's file that is named.
    init(
        _ arguments: ArgumentReader, _ context: CommandContext, projectFile: String? = nil
    ) throws {
        directory = try AbsolutePath.workingDirectory()
        files = ConfigurationFiles(for: directory, store: try context.storePath())
        configuration = try arguments.portConfiguration().over(
            try PortConfiguration.load(
                files, projectFile: projectFile, environment: context.environment.bytes))
        self.arguments = arguments
        self.context = context
    }

    var output: Output { context.output }
    var isJSON: Bool { context.settings.isJSON }

    // MARK: The store

    /// The ports of the store, for reading.
    func ports() throws -> Ports {
        try coordinator().ports
    }

    /// Does something to the ports, or tells what it would do.
    func perform(_ operation: PortOperation) throws -> PortPlan {
        let coordinator = try coordinator()
        if arguments.has("dry-run") { return try coordinator.ports.plan(operation) }
        if configuration.forbidsCreation == true { try coordinator.requireStore() }
        return try coordinator.ports(arguments).perform(operation)
    }

    func coordinator() throws -> Coordinator {
        let seconds = configuration.lockSeconds.map { Duration.seconds($0) }
        return try context.coordinator(timeout: seconds ?? .seconds(5))
    }

    // MARK: The directory

    /// The directory that is named; nil where none is, and the current one is meant.
    func namedPath() throws -> String? {
        if let path = try arguments.text("path") { return path }
        return try EnvironmentReader(context.environment.bytes).text("BERTH_PATH")
    }

    /// The directory that is meant, refused where it has nothing to do with
    /// the current one.
    func path() throws -> String {
        guard let named = try namedPath() else { return directory }
        let path = try AbsolutePath.directory(named)
        if configuration.allowsUnrelatedPath != true {
            try AbsolutePath.check(path, isRelatedTo: directory)
        }
        return path
    }

    // MARK: Labels

    func project() throws -> PortLabel {
        let label = try arguments.label("project")
        guard label == .unspecified, let project = configuration.project else { return label }
        return .named(project)
    }

    func task() throws -> PortLabel {
        let label = try arguments.label("task")
        let reader = EnvironmentReader(context.environment.bytes)
        guard label == .unspecified, let task = try reader.name("BERTH_TASK") else { return label }
        return .named(task)
    }

    // MARK: Plans

    /// Prints what was changed, or with `--dry-run` what would be.
    func printPlan(_ plan: PortPlan) {
        if isJSON { return output.print(bytes: plan.json) }
        if arguments.has("dry-run") {
            for line in PortPlanText.lines(plan, isDone: false) { output.print(line) }
            if plan.changes.isEmpty { output.note("nothing would be changed") }
        } else {
            for line in PortPlanText.lines(plan, isDone: true) { output.note(line) }
        }
    }
}
