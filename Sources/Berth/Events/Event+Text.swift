// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension Coordinator.Event {
    /// The event as one object of JSON: `event`, `at` in milliseconds since
    /// 1970, and its details; durations are numbers of seconds.
    public var json: String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("event", kind.rawValue)
        writer.member("at", time)
        for detail in details {
            writer.member(named: detail.name)
            switch detail.value {
            case .text(let text): writer.value(text)
            case .number(let number): writer.value(number)
            case .duration(let duration): writer.value(json: Self.seconds(duration))
            }
        }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Microseconds are the finest that logs are read for.
    fileprivate static func seconds(_ duration: Duration) -> [UInt8] {
        let (whole, attoseconds) = duration.components
        var digits: [UInt8] = []
        digits.append(decimal: max(0, whole))
        digits.append(UInt8(ascii: "."))
        let micros = max(0, attoseconds) / 1_000_000_000_000
        var place: Int64 = 100_000
        while place > 0 {
            digits.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: micros / place % 10))
            place /= 10
        }
        return digits
    }
}

extension Coordinator.Event: CustomStringConvertible {
    /// The event as one line: `lock.acquired lock=a token=3 waited=0.012000s`.
    public var description: String {
        var line = kind.rawValue
        for detail in details {
            line += " " + detail.name + "="
            switch detail.value {
            case .text(let text):
                line += text.utf8.contains(UInt8(ascii: " ")) ? "\"" + text + "\"" : text
            case .number(let number):
                line += String(number)
            case .duration(let duration):
                line += String(decoding: Self.seconds(duration), as: UTF8.self) + "s"
            }
        }
        return line
    }
}
