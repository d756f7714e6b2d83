// SPDX-License-Identifier: Apache-2.0

/// Which reservations may be ended because nobody needs them any more.
public struct PortCleanup: Hashable, Sendable {
    /// The days after which a reservation that nobody asked for is idle, where
    /// nothing else is said.
    public static var defaultDays: Int { 30 }

    /// Whether those whose directory is proven to be gone are ended.
    public var prunes: Bool
    /// The days for which nobody must have asked for a reservation that is
    /// ended for it; nil ends none.
    public var idleDays: Int?

    /// Describes a clean-up. Reservations whose process or lease has ended go
    /// with any.
    public init(prunes: Bool = true, idleDays: Int? = defaultDays) {
        self.prunes = prunes
        self.idleDays = idleDays
    }

    /// Why a reservation is to end; nil where it is not.
    func end(
        of reservation: PortReservation, _ judge: ReservationJudge
    ) throws(CoordinatorError) -> ReservationEnd? {
        if let end = try judge.end(of: reservation.terms) { return end }
        if let idleDays, judge.isIdle(since: reservation.used, days: idleDays) { return .idle }
        if prunes && judge.isGone(reservation.path) { return .directoryGone }
        return nil
    }
}
