// SPDX-License-Identifier: Apache-2.0

/// A wish for the ports of a group.
public struct PortGroupRequest: Hashable, Sendable {
    /// An absolute, normalised path.
    let path: String
    /// The services.
    public let group: PortGroup
    let range: ClosedRange<Int>

    /// What the ports are for, for people.
    public var project: PortLabel = .unspecified
    /// What is worked on, for people.
    public var task: PortLabel = .unspecified
    /// The ports that are not to be given out.
    public var excluded = PortSet()
    /// Where it is looked whether a program uses a port.
    public var occupancy = PortOccupancy()
    /// What may be done to have ports where the range has none left.
    public var cleanup = PortCleanup()
    /// Whether reservations of the group that do not fit it are ended for new
    /// ones, and may be given another project and task.
    public var replaces = false
    /// Whether reservations that are there may be given another project.
    public var allowsProjectChange = false
    /// Whether reservations that are there may be given another task.
    public var allowsTaskChange = false

    /// Describes the ports that are wanted.
    ///
    /// - Parameters:
    ///   - group: The services.
    ///   - path: The directory that they are of, relative to the working
    ///     directory; that one itself where there is none.
    ///   - range: Where to look for free ports: 1 to 65535.
    /// - Throws: ``CoordinatorError`` with `invalid` where one of them is not
    ///   valid, or the base of the group is not in the range.
    public init(
        _ group: PortGroup, for path: String? = nil,
        in range: ClosedRange<Int> = PortRequest.defaultRange
    ) throws(CoordinatorError) {
        self.path = try AbsolutePath.directory(path)
        self.group = group
        self.range = range
        try PortRequest.check(range)
        if let problem = Self.problem(group, range) { throw CoordinatorError(.invalid, problem) }
    }

    /// Why a group cannot lie in a range; nil where it can, if there is room.
    static func problem(_ group: PortGroup, _ range: ClosedRange<Int>) -> String? {
        guard let base = group.base, !range.contains(base) else { return nil }
        return "the group's base " + String(base) + " is not in the range from "
            + String(range.lowerBound) + " to " + String(range.upperBound)
    }

    /// Checks what was set after the request was made.
    func validate() throws(CoordinatorError) {
        if case .named(let name) = project { try ReservationText.check(name, "the project") }
        if case .named(let name) = task { try ReservationText.check(name, "the task") }
    }
}
