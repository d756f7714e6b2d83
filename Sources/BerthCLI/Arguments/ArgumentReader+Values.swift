// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension ArgumentReader {
    /// Whether an option is given.
    func has(_ name: String) -> Bool {
        occurrences.contains { $0.option.name == name }
    }

    /// The value of an option as it was given; nil where the option is not.
    func value(_ name: String) -> Argument? {
        occurrences.first { $0.option.name == name }?.value
    }

    /// The values of an option that may be repeated, in order.
    func texts(_ name: String) throws(UsageError) -> [String] {
        var texts: [String] = []
        for occurrence in occurrences where occurrence.option.name == name {
            if let value = occurrence.value { texts.append(try text(value, of: "--" + name)) }
        }
        return texts
    }

    func text(_ name: String) throws(UsageError) -> String? {
        guard let value = value(name) else { return nil }
        return try text(value, of: "--" + name)
    }

    /// The text of an operand by its place; nil where it may be left out and is.
    func text(operand place: Int, _ name: String) throws(UsageError) -> String? {
        guard place < operands.count else { return nil }
        return try text(operands[place], of: name)
    }

    /// The text of an operand that the syntax demands.
    func requiredText(operand place: Int, _ name: String) throws(UsageError) -> String {
        guard let text = try text(operand: place, name) else { throw failure(name + " is missing") }
        return text
    }

    /// The texts of the operands from a place on.
    func texts(operandsFrom place: Int, _ name: String) throws(UsageError) -> [String] {
        var texts: [String] = []
        for operand in operands.dropFirst(place) { texts.append(try text(operand, of: name)) }
        return texts
    }

    /// The words of the command to run, as text.
    func tailTexts() throws(UsageError) -> [String] {
        var texts: [String] = []
        for word in tail { texts.append(try text(word, of: "the command")) }
        return texts
    }

    private func text(_ argument: Argument, of name: String) throws(UsageError) -> String {
        guard let text = argument.text else {
            throw failure(name + ": " + argument.quoted + " is not valid UTF-8")
        }
        return text
    }

    /// A whole number within bounds.
    func integer<Number: DecimalInteger & FixedWidthInteger>(
        _ name: String, in bounds: ClosedRange<Number>
    ) throws(UsageError) -> Number? {
        guard let value = value(name) else { return nil }
        guard let number = Number(decimal: value.bytes[...]), bounds.contains(number) else {
            throw failure(
                "--" + name + ": " + value.quoted + " is no number from "
                    + String(bounds.lowerBound) + " to " + String(bounds.upperBound))
        }
        return number
    }

    func duration(_ name: String) throws(UsageError) -> Duration? {
        guard let value = value(name) else { return nil }
        return try duration(value, of: "--" + name)
    }

    /// The length of time of an operand that the syntax demands.
    func requiredDuration(operand place: Int, _ name: String) throws(UsageError) -> Duration {
        guard place < operands.count else { throw failure(name + " is missing") }
        return try duration(operands[place], of: name)
    }

    private func duration(
        _ value: Argument, of name: String
    ) throws(UsageError) -> Duration {
        guard let duration = DurationText.duration(value.bytes) else {
            throw failure(
                name + ": " + value.quoted
                    + " is no time, such as 250ms, 10s, 2m, 1h30m or a number of seconds")
        }
        return duration
    }
}
