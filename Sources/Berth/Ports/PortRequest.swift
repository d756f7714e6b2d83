// SPDX-License-Identifier: Apache-2.0

/// A wish for a port.
public struct PortRequest: Hashable, Sendable {
    /// The ports that are given out where no range is asked for: below those
    /// that systems give to outgoing connections.
    public static var defaultRange: ClosedRange<Int> { 5000...7000 }

    let owner: PortOwner
    let preference: Int?
    let isExact: Bool
    let range: ClosedRange<Int>

    /// What the port is for, for people.
    public var project: PortLabel = .unspecified
    /// What is worked on, for people.
    public var task: PortLabel = .unspecified
    /// The ports that are not to be given out.
    public var excluded = PortSet()
    /// Where it is looked whether a program uses a port.
    public var occupancy = PortOccupancy()
    /// What may be done to have a port where the range has none left.
    public var cleanup = PortCleanup()
    /// Whether the preferred port may be in use by a program.
    public var ignoresOccupied = false
    /// Whether the preferred port may be an excluded one.
    public var ignoresExclusions = false
    /// Whether a reservation that is there is given a port anew, by the rules
    /// for a new one, and not kept as it is. Its own port counts as free.
    public var overwrites = false
    /// Whether a reservation that is there may be given another project.
    public var allowsProjectChange = false
    /// Whether a reservation that is there may be given another task.
    public var allowsTaskChange = false

    var wish = ReservationWish()

    /// The process to end with; nil leaves that as it is. Asking again, or by
    /// another process of the same directory and tag, does not extend a life:
    /// while the first process lives, another is refused.
    public var process: Int32? {
        get { wish.process }
        set { wish.process = newValue }
    }

    /// How long the reservation is to last from now on, if nobody asks again
    /// in time; nil leaves that as it is. The time runs while the machine
    /// sleeps, and a restart of it is an end too.
    public var timeToLive: Duration? {
        get { wish.length }
        set { wish.length = newValue }
    }

    /// Describes the port that is wanted.
    ///
    /// - Parameters:
    ///   - path: The directory that the port is for, relative to the working
    ///     directory; that one itself where there is none. It is made absolute
    ///     and normalised as text: links are not followed, and it need not be there.
    ///   - tag: Tells several ports of one directory apart: 1 to 255 bytes
    ///     without control characters.
    ///   - preference: A port to take if it is free, in or out of the range.
    ///   - isExact: Whether no other port than the preferred one will do.
    ///   - range: Where to look for a free port, from the lowest: 1 to 65535.
    /// - Throws: ``CoordinatorError`` with `invalid` where one of them is not valid.
    public init(
        for path: String? = nil, tag: String? = nil, preferring preference: Int? = nil,
        exactly isExact: Bool = false, in range: ClosedRange<Int> = defaultRange
    ) throws(CoordinatorError) {
        owner = try PortOwner(path: path, tag: tag)
        if let preference { try Self.check(preference) }
        if isExact && preference == nil {
            throw CoordinatorError(.invalid, "an exact port is wanted, but not which")
        }
        try Self.check(range)
        self.preference = preference
        self.isExact = isExact
        self.range = range
    }

    static func check(_ port: Int) throws(CoordinatorError) {
        if !PortSet.all.contains(port) {
            throw CoordinatorError(.invalid, String(port) + " is no port")
        }
    }

    static func check(_ range: ClosedRange<Int>) throws(CoordinatorError) {
        if !PortSet.all.contains(range.lowerBound) || !PortSet.all.contains(range.upperBound) {
            throw CoordinatorError(.invalid, "a range of ports lies within 1 to 65535")
        }
    }

    /// Checks what was set after the request was made, and that the process
    /// that is named is there.
    func validate() throws(CoordinatorError) {
        if case .named(let name) = project { try ReservationText.check(name, "the project") }
        if case .named(let name) = task { try ReservationText.check(name, "the task") }
        _ = try ReservationJudge.live.terms(wish)
    }
}
