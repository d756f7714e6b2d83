// SPDX-License-Identifier: Apache-2.0

/// Why a reservation is no more.
public enum ReservationEnd: String, Hashable, Sendable {
    /// It was given back.
    case released
    /// Its directory is proven to be gone.
    case directoryGone
    /// Nobody has asked for it in a long time.
    case idle
    /// The process that it was for is proven to have ended.
    case processEnded
    /// The time for which it was made has passed, or the machine has restarted.
    case leaseEnded
    /// Another has taken its place, as was asked.
    case replaced
}
