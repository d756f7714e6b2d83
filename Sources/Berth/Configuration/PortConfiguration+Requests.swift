// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension PortRequest {
    /// Describes the port that is wanted, with what a configuration says of
    /// range, exclusions, occupancy, clean-up, project and permissions.
    ///
    /// - Parameters:
    ///   - configuration: What is configured.
    ///   - path: The directory that the port is for.
    ///   - tag: Tells several ports of one directory apart.
    ///   - preference: A port to take if it is free, in or out of the range.
    ///   - isExact: Whether no other port than the preferred one will do.
    /// - Throws: ``CoordinatorError`` with `invalid` where one of them is not
    ///   valid, and with `configuration` where the configuration is wrong.
    public init(
        _ configuration: PortConfiguration, for path: String? = nil, tag: String? = nil,
        preferring preference: Int? = nil, exactly isExact: Bool = false
    ) throws(CoordinatorError) {
        try self.init(
            for: path, tag: tag, preferring: preference, exactly: isExact,
            in: try configuration.range())
        if let name = configuration.project { project = .named(name) }
        excluded = configuration.excluded
        occupancy = configuration.checks
        cleanup = configuration.cleanup
        allowsProjectChange = configuration.allowsProjectChange == true
        allowsTaskChange = configuration.allowsTaskChange == true
    }
}

extension PortGroupRequest {
    /// Describes the ports of the group that a configuration has, with what it
    /// says of range, exclusions, occupancy, clean-up, project and permissions.
    ///
    /// - Parameters:
    ///   - configuration: What is configured.
    ///   - path: The directory that the ports are for.
    /// - Throws: ``CoordinatorError`` with `configuration` where no group is
    ///   configured, its base is not in the range, or the configuration is wrong.
    public init(
        _ configuration: PortConfiguration, for path: String
    ) throws(CoordinatorError) {
        guard let group = configuration.services else {
            throw CoordinatorError(
                .configuration, "the configuration of " + path + " has no reservations")
        }
        let range = try configuration.range()
        if let problem = Self.problem(group, range) {
            throw CoordinatorError(
                .configuration, "the configuration of " + path + " is wrong: " + problem)
        }
        try self.init(group, for: path, in: range)
        if let name = configuration.project { project = .named(name) }
        excluded = configuration.excluded
        occupancy = configuration.checks
        cleanup = configuration.cleanup
        allowsProjectChange = configuration.allowsProjectChange == true
        allowsTaskChange = configuration.allowsTaskChange == true
    }
}

extension Ports {
    /// What is configured for a directory: by the environment, by the files of
    /// the project around it, and by that of the store. Blocks the current
    /// thread for as long as reading files takes.
    ///
    /// - Parameter path: The directory, relative to the working directory; that
    ///   one itself where there is none.
    /// - Returns: All of them together, by their weight.
    /// - Throws: ``CoordinatorError`` with `configuration`, with the place of
    ///   the mistake.
    public func configuration(for path: String? = nil) throws -> PortConfiguration {
        let files = ConfigurationFiles(
            for: try AbsolutePath.directory(path), store: coordinator.path)
        return try PortConfiguration.load(files, environment: CurrentProcess.variable)
    }

    /// What is configured for a directory, as the synchronous twin tells it.
    public func configuration(for path: String? = nil) async throws -> PortConfiguration {
        try await coordinator.onThread { try self.configuration(for: path) }
    }
}
