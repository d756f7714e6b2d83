// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Text on its way to a terminal: what it must not contain, and how wide it is.
enum TerminalText {
    /// The text with every character that a terminal could act on as an
    /// escape: the controls C0 (carriage return included), DEL and C1, line
    /// and paragraph separators, and the controls of writing direction.
    static func escaped(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
        var escaped = ""
        for scalar in text.unicodeScalars {
            if scalar != "\"" && scalar != "\\" && JSONEscape.isEscaped(scalar) {
                switch scalar {
                case "\n": escaped += "\\n"
                case "\r": escaped += "\\r"
                case "\t": escaped += "\\t"
                default: escaped += "\\u{" + String(scalar.value, radix: 16) + "}"
                }
            } else {
                escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// How many columns a text takes.
    static func width(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.unicodeScalars.reduce(0) { $0 + width($1) }
    }

    /// The text, its end replaced by `…` where it is wider than a limit of at least 1.
    static func cut(_ text: String, to limit: Int) -> String {
        if width(text) <= limit { return text }
        var result = ""
        var taken = 0
        for scalar in text.unicodeScalars {
            let width = width(scalar)
            if taken + width > limit - 1 { break }
            result.unicodeScalars.append(scalar)
            taken += width
        }
        return result + "…"
    }

    /// Marks that stand on the character before them take no column, and the
    /// scripts of East Asia and pictographs take two.
    private static func width(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case 0x20..<0x7F: return 1
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
            0x1F680...0x1F6FF, 0x1F900...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        default:
            switch scalar.properties.generalCategory {
            case .nonspacingMark, .enclosingMark, .format: return 0
            default: return 1
            }
        }
    }
}
