// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Which values a user may give.
package enum ValueRule {
    /// The largest value, in bytes.
    package static var maximumLength: Int { StoreLimits.maximumValue }

    /// A value as it is kept.
    ///
    /// - Throws: `invalid` where it is no JSON, or too large.
    package static func compact(
        _ json: some Collection<UInt8>, forKey key: String
    ) throws(CoordinatorError) -> [UInt8] {
        let value: [UInt8]
        do throws(JSONText.Problem) {
            value = try JSONText.compact(Array(json))
        } catch {
            throw CoordinatorError(
                .invalid,
                "the value for " + key + " is not JSON: " + error.reason + ", at byte "
                    + String(error.offset + 1))
        }
        if value.count > maximumLength {
            throw CoordinatorError(
                .invalid,
                "the value for " + key + " has " + String(value.count)
                    + " bytes as JSON; at most " + String(maximumLength) + " are kept")
        }
        return value
    }

    static func check(prefix: String) throws(CoordinatorError) {
        if let problem = KeyRule.problem(withPrefix: prefix) {
            throw CoordinatorError(.invalid, "the prefix '" + prefix + "' " + problem)
        }
    }
}
