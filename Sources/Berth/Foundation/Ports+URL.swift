// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension Ports {
    /// Reserves a port for a directory. Blocks the current thread.
    ///
    /// - Parameters:
    ///   - directory: A `file:` URL. Nothing has to be there.
    ///   - tag: Tells several ports of one directory apart.
    ///   - preference: A port to take if it is free.
    /// - Returns: The reservation, new or renewed.
    /// - Throws: ``CoordinatorError`` with `unavailable` where no port is free,
    ///   and with `invalid` where a parameter is not valid.
    public func reserve(
        for directory: URL, tag: String? = nil, preferring preference: Int? = nil
    ) throws -> PortReservation {
        try reserve(for: try Self.path(of: directory), tag: tag, preferring: preference)
    }

    /// Reserves a port for a directory, as the synchronous twin does.
    public func reserve(
        for directory: URL, tag: String? = nil, preferring preference: Int? = nil
    ) async throws -> PortReservation {
        try await reserve(for: try Self.path(of: directory), tag: tag, preferring: preference)
    }

    private static func path(of directory: URL) throws(CoordinatorError) -> String {
        guard directory.isFileURL else {
            throw CoordinatorError(.invalid, "the directory's URL is not one of a file")
        }
        return directory.path
    }
}
