// SPDX-License-Identifier: Apache-2.0

/// How long ago something was, for people: `12s`, `5m`, `3h`, `9d`.
enum AgeText {
    /// The whole units of the longest kind; a moment to come is `0s`.
    static func text(milliseconds: Int64) -> String {
        let seconds = max(0, milliseconds) / 1000
        switch seconds {
        case ..<60: return String(seconds) + "s"
        case ..<3600: return String(seconds / 60) + "m"
        case ..<86_400: return String(seconds / 3600) + "h"
        default: return String(seconds / 86_400) + "d"
        }
    }
}
