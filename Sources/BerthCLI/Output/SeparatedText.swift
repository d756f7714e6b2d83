// SPDX-License-Identifier: Apache-2.0

/// Lines of values for other programs, as RFC 4180 has them.
enum SeparatedText {
    /// A line without its end: a value with a separator, a quote or the end of
    /// a line in it stands in quotes.
    static func line(_ values: [String], _ separator: Character) -> String {
        var line = ""
        for (index, value) in values.enumerated() {
            if index > 0 { line.append(separator) }
            let isPlain = !value.unicodeScalars.contains { scalar in
                scalar == "\"" || scalar == "\n" || scalar == "\r"
                    || separator.unicodeScalars.contains(scalar)
            }
            line += isPlain ? value : quoted(value)
        }
        return line
    }

    private static func quoted(_ value: String) -> String {
        var quoted = "\""
        for scalar in value.unicodeScalars {
            if scalar == "\"" { quoted += "\"" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }
}
