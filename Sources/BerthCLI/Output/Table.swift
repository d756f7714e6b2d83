// SPDX-License-Identifier: Apache-2.0

/// Rows of text under headings, for people.
struct Table {
    struct Column {
        let title: String
        var isRightAligned = false
        /// Whether its cells may be cut where the terminal is too narrow.
        var canShrink = false
    }

    /// What stands between two columns.
    private static var gap: String { "  " }
    /// The fewest columns that a cut cell keeps.
    private static var narrowest: Int { 8 }

    private let columns: [Column]
    private var rows: [[String]] = []

    init(_ columns: [Column]) {
        self.columns = columns
    }

    var isEmpty: Bool { rows.isEmpty }

    /// Adds a row of one cell per column. What a terminal could act on is escaped.
    mutating func add(_ cells: [String]) {
        precondition(cells.count == columns.count, "a row has a cell for each column")
        rows.append(cells.map(TerminalText.escaped))
    }

    /// The lines of the table, the headings first; nil for the width cuts nothing.
    func lines(width limit: Int?, isColored: Bool) -> [String] {
        let widths = limit.map { fitted(naturalWidths, to: $0) } ?? naturalWidths
        let heading = line(columns.map(\.title), widths)
        let first = isColored ? "\u{1B}[1m" + heading + "\u{1B}[0m" : heading
        return [first] + rows.map { line($0, widths) }
    }

    private var naturalWidths: [Int] {
        columns.indices.map { index in
            rows.reduce(TerminalText.width(columns[index].title)) {
                max($0, TerminalText.width($1[index]))
            }
        }
    }

    /// Takes from the widest column that can shrink until the table fits, or
    /// nothing more can be taken.
    private func fitted(_ natural: [Int], to limit: Int) -> [Int] {
        var widths = natural
        var excess =
            widths.reduce(0, +) + Self.gap.utf8.count * max(0, widths.count - 1) - limit
        while excess > 0 {
            let widest = widths.indices
                .filter { columns[$0].canShrink && widths[$0] > Self.narrowest }
                .max { widths[$0] < widths[$1] }
            guard let widest else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var line = ""
        for (index, cell) in cells.enumerated() {
            let text = TerminalText.cut(cell, to: max(1, widths[index]))
            let padding = String(
                repeating: " ", count: max(0, widths[index] - TerminalText.width(text)))
            if index > 0 { line += Self.gap }
            if columns[index].isRightAligned {
                line += padding + text
            } else {
                line += index == cells.count - 1 ? text : text + padding
            }
        }
        return line
    }
}
