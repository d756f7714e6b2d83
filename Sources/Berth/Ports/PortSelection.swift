// SPDX-License-Identifier: Apache-2.0

/// Which reservations of a directory are meant.
public struct PortSelection: Hashable, Sendable {
    /// Which of the reservations of one directory.
    public enum Tags: Hashable, Sendable {
        /// Those of every tag, and the one without.
        case all
        /// The one with a tag, or the one without.
        case exactly(String?)
    }

    /// An absolute, normalised path.
    let path: String
    let tags: Tags
    let isRecursive: Bool

    /// Describes a selection.
    ///
    /// - Parameters:
    ///   - path: The directory, relative to the working directory; that one
    ///     itself where there is none.
    ///   - tags: Which of its reservations.
    ///   - isRecursive: Whether those of the directories below it are meant too.
    /// - Throws: ``CoordinatorError`` with `invalid` where the path or a tag
    ///   is not valid.
    public init(
        of path: String? = nil, tags: Tags = .all, recursively isRecursive: Bool = false
    ) throws(CoordinatorError) {
        self.path = try AbsolutePath.directory(path)
        self.tags = tags
        self.isRecursive = isRecursive
        if case .exactly(let tag?) = tags { try ReservationText.check(tag, "the tag") }
    }

    /// The selection as bytes: equal for equal selections.
    var name: [UInt8] {
        guard case .exactly(let tag) = tags else {
            return Array(path.utf8) + [0, isRecursive ? 2 : 1]
        }
        let owner = PortOwner(normalized: path, tag: tag).name
        return isRecursive ? owner + [0] : owner
    }

    /// That there is nothing to release.
    var absence: CoordinatorError {
        var name = path
        if isRecursive { name += " and what is below it" }
        switch tags {
        case .all: name += " has no port"
        case .exactly(nil): name += " has no port without a tag"
        case .exactly(let tag?): name += " has no port with the tag " + tag
        }
        return CoordinatorError(.notFound, name)
    }

    /// Whether a reservation is one of those that are meant.
    func covers(_ reservation: PortReservation) -> Bool {
        if case .exactly(let tag) = tags, tag != reservation.tag { return false }
        if AbsolutePath.areSame(reservation.path, path) { return true }
        return isRecursive && AbsolutePath.isInside(reservation.path, path)
    }
}
