// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// How long something has lasted, for people: `3s`, `2m 5s`, `1h 4m`, `2d 3h`.
enum ElapsedText {
    /// The time since a moment, in milliseconds since 1970. A clock that was
    /// set back makes it nothing, not less.
    static func since(_ moment: Int64) -> String {
        text(seconds: max(0, Clock.wallMilliseconds - moment) / 1000)
    }

    static func text(seconds: Int64) -> String {
        switch seconds {
        case ..<60: String(seconds) + "s"
        case ..<3600: String(seconds / 60) + "m " + String(seconds % 60) + "s"
        case ..<86_400: String(seconds / 3600) + "h " + String(seconds / 60 % 60) + "m"
        default: String(seconds / 86_400) + "d " + String(seconds / 3600 % 24) + "h"
        }
    }
}
