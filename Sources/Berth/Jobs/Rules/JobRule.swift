// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Which names, sizes and numbers of jobs are accepted. All are checked before
/// anything is locked.
package enum JobRule {
    /// Those of priorities: the smaller first.
    package static var priorities: ClosedRange<Int> { 0...99 }
    /// Those of maximum attempts.
    package static var attempts: ClosedRange<Int> { 1...1000 }
    /// The largest payload and output, in bytes.
    package static var maximumPayload: Int { StoreLimits.maximumValue }
    /// The largest metadata, in bytes of JSON.
    package static var maximumMetadata: Int { 4096 }
    /// The most tags, and the most dependencies.
    package static var maximumTags: Int { 16 }
    static var maximumDependencies: Int { 256 }
    /// How often the workers of a job may die before it is given up: it may be
    /// what kills them.
    static var maximumRescues: Int { 5 }
    /// Of failed attempts so many are remembered, each in so many bytes.
    static var maximumErrors: Int { 10 }
    static var maximumError: Int { 500 }
    /// The longest delay and timeout: a hundred years.
    static var longest: Duration { .seconds(36_525 * 86_400) }

    /// A queue's name: 1 to 100 bytes of printable ASCII without `/`, `"`, `\`
    /// and `*`.
    package static func check(queue name: String) throws(CoordinatorError) {
        try check(name, "the name of the queue", limit: 100)
    }

    /// A kind of job: as a queue's name.
    static func check(kind: String) throws(CoordinatorError) {
        try check(kind, "the kind of job", limit: 100)
    }

    private static func check(
        _ name: String, _ what: String, limit: Int
    ) throws(CoordinatorError) {
        if name.isEmpty { throw CoordinatorError(.invalid, what + " is empty") }
        if name.utf8.count > limit {
            throw CoordinatorError(
                .invalid, what + " is longer than " + String(limit) + " bytes")
        }
        for byte in name.utf8 {
            switch byte {
            case 0..<0x21, 0x7F..., UInt8(ascii: "/"), UInt8(ascii: "\""), UInt8(ascii: "\\"),
                UInt8(ascii: "*"):
                throw CoordinatorError(
                    .invalid,
                    what + " may hold only printable ASCII without space, /, \", \\ and *")
            default: continue
            }
        }
    }

    /// A text that tells jobs apart or together: 1 to 255 bytes without
    /// control characters.
    static func check(text: String, _ what: String) throws(CoordinatorError) {
        if text.isEmpty { throw CoordinatorError(.invalid, what + " is empty") }
        if text.utf8.count > 255 {
            throw CoordinatorError(.invalid, what + " is longer than 255 bytes")
        }
        if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            throw CoordinatorError(.invalid, what + " has a control character")
        }
    }

    /// JSON as it is kept.
    package static func compact(
        _ json: some Collection<UInt8>, _ what: String, limit: Int
    ) throws(CoordinatorError) -> [UInt8] {
        let value: [UInt8]
        do throws(JSONText.Problem) {
            value = try JSONText.compact(Array(json))
        } catch {
            throw CoordinatorError(
                .invalid,
                what + " is not JSON: " + error.reason + ", at byte " + String(error.offset + 1))
        }
        if value.count > limit {
            throw CoordinatorError(
                .invalid,
                what + " has " + String(value.count) + " bytes as JSON; at most " + String(limit)
                    + " are kept")
        }
        return value
    }

    static func check(duration: Duration, _ what: String) throws(CoordinatorError) {
        if duration < .zero || duration > longest {
            throw CoordinatorError(.invalid, what + " is not from 0 to a hundred years")
        }
    }

    /// A text cut to so many bytes at most, at the end of a character.
    static func cut(_ text: String, to limit: Int) -> String {
        if text.utf8.count <= limit { return text }
        var result = ""
        for character in text {
            if result.utf8.count + character.utf8.count > limit { break }
            result.append(character)
        }
        return result
    }
}
