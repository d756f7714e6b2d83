// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The name of a pool; the rule is that for the names of locks.
package struct PoolName: Hashable, Sendable {
    package let text: String

    /// Takes a name that a user gave.
    ///
    /// - Throws: `invalid`, with the rule that the name breaks.
    package init(_ text: String) throws(CoordinatorError) {
        if let problem = LockName.problem(text) {
            throw CoordinatorError(.invalid, "this is no name for a pool: " + problem)
        }
        self.text = text
    }

    /// The line of those who wait for items.
    var line: LockName { LockName(own: "pool/" + text) }

    /// The tickets of the commands and programs that have items: they live for
    /// as long as those do.
    var holders: LockName { LockName(own: "pool/" + text + "/held") }

    /// What is slept for by the first in line.
    var interest: Interest { Interest("pool", text) }
}
