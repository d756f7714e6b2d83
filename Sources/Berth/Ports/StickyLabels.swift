// SPDX-License-Identifier: Apache-2.0

/// The rule that a reservation keeps its project and its task, unless a change
/// of them is asked for by name.
struct StickyLabels {
    let allowsProjectChange: Bool
    let allowsTaskChange: Bool

    func check(
        _ before: PortReservation, _ after: PortReservation
    ) throws(CoordinatorError) {
        if before.project != after.project && !allowsProjectChange {
            throw refusal("project", before, before.project, "--allow-project-change")
        }
        if before.task != after.task && !allowsTaskChange {
            throw refusal("task", before, before.task, "--allow-task-change")
        }
    }

    private func refusal(
        _ name: String, _ reservation: PortReservation, _ present: String?, _ option: String
    ) -> CoordinatorError {
        let state = present.map { " is of the " + name + " " + $0 } ?? " is of no " + name
        return CoordinatorError(
            .unavailable,
            "port " + String(reservation.port) + " of " + reservation.owner.description + state
                + "; " + option + " changes that")
    }
}
