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
        let ports = 1...65_535
        if let preference, !ports.contains(preference) {
            throw CoordinatorError(.invalid, String(preference) + " is no port")
        }
        if isExact && preference == nil {
            throw CoordinatorError(.invalid, "an exact port is wanted, but not which")
        }
        if !ports.contains(range.lowerBound) || !ports.contains(range.upperBound) {
            throw CoordinatorError(.invalid, "a range of ports lies within 1 to 65535")
        }
        self.preference = preference
        self.isExact = isExact
        self.range = range
    }
}
