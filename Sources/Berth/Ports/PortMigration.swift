// SPDX-License-Identifier: Apache-2.0

/// That the reservations of one directory become those of another.
public struct PortMigration: Hashable, Sendable {
    /// Absolute, normalised paths.
    let source: String
    let target: String
    let isRecursive: Bool
    let replaces: Bool

    /// Describes a migration.
    ///
    /// - Parameters:
    ///   - source: The directory that has the reservations.
    ///   - target: The directory that is to have them. Neither has to be there.
    ///   - isRecursive: Whether the reservations of the directories below the
    ///     source become those of the same directories below the target.
    ///   - replaces: Whether reservations that stand in the way are ended.
    /// - Throws: ``CoordinatorError`` with `invalid` where a path is not valid,
    ///   or both are one.
    public init(
        from source: String, to target: String, recursively isRecursive: Bool = false,
        replacing replaces: Bool = false
    ) throws(CoordinatorError) {
        self.source = try AbsolutePath.directory(source)
        self.target = try AbsolutePath.directory(target)
        self.isRecursive = isRecursive
        self.replaces = replaces
        if AbsolutePath.areSame(self.source, self.target) {
            throw CoordinatorError(.invalid, "a migration leads from one directory to another")
        }
    }

    /// Where the reservations of a directory go; nil where they stay.
    func destination(of path: String) -> String? {
        if AbsolutePath.areSame(path, source) { return target }
        guard isRecursive, AbsolutePath.isInside(path, source) else { return nil }
        let rest = path.utf8.dropFirst(source == "/" ? 0 : source.utf8.count)
        return (target == "/" ? "" : target) + String(Substring(rest))
    }
}
