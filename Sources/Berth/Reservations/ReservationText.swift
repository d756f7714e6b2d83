// SPDX-License-Identifier: Apache-2.0

/// The rule for the names that a reservation carries: tags, projects, tasks.
package enum ReservationText {
    /// The longest, in bytes.
    static var maximumLength: Int { 255 }

    /// Why a name is not accepted; nil where it is.
    package static func problem(_ text: String) -> String? {
        if text.isEmpty { return "is empty" }
        if text.utf8.count > maximumLength { return "is longer than 255 bytes" }
        // Before the properties of scalars, which cost a command more to load.
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return nil }
        if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            return "has a control character"
        }
        return nil
    }

    /// - Throws: `invalid`, with what the text is for.
    static func check(_ text: String, _ name: String) throws(CoordinatorError) {
        if let problem = problem(text) { throw CoordinatorError(.invalid, name + " " + problem) }
    }
}
