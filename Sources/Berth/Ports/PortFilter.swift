// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Which reservations a list is to have.
package struct PortFilter {
    private let project: String?
    private let tag: String?
    /// As it is given, and without links where it is there.
    private let paths: [String]

    /// Describes a filter; what is nil filters nothing.
    ///
    /// - Throws: `invalid` where one of them is not valid.
    package init(project: String?, tag: String?, path: String?) throws(CoordinatorError) {
        if let project { try ReservationText.check(project, "the project") }
        if let tag { try ReservationText.check(tag, "the tag") }
        self.project = project
        self.tag = tag
        var paths: [String] = []
        if let path {
            paths.append(try AbsolutePath.directory(path))
            if let resolved = try? AbsolutePath.resolved(paths[0]) { paths.append(resolved) }
        }
        self.paths = paths
    }

    /// Whether a reservation is one that is wanted.
    package func covers(_ reservation: PortReservation) -> Bool {
        if let project, project != reservation.project { return false }
        if let tag, tag != reservation.tag { return false }
        if paths.isEmpty || isBelow(reservation.path) { return true }
        // Both may be one directory by another name.
        return (try? AbsolutePath.resolved(reservation.path)).map(isBelow) ?? false
    }

    private func isBelow(_ path: String) -> Bool {
        paths.contains { AbsolutePath.areSame(path, $0) || AbsolutePath.isInside(path, $0) }
    }
}
