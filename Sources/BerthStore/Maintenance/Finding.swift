// SPDX-License-Identifier: Apache-2.0

/// One thing that was looked at, and whether it is as it should be.
package struct Finding: Hashable, Sendable {
    /// What was looked at, such as `flock`.
    package let subject: String
    package let isHealthy: Bool
    /// What was found and, where it is not as it should be, what to do, in one line.
    package let text: String

    package init(_ subject: String, isHealthy: Bool, _ text: String) {
        self.subject = subject
        self.isHealthy = isHealthy
        self.text = text
    }
}
