// SPDX-License-Identifier: Apache-2.0

extension Lock {
    /// A grant that ends by itself, for holders that may hang.
    ///
    /// It is counted by a clock that goes on while the machine sleeps and that
    /// nobody can set. When it has ended the lock is lost, whatever its holder
    /// does: the next in line may hold it, with a larger token.
    public struct Lease: Sendable {
        let length: Duration
        let onLoss: (@Sendable (CoordinatorError) -> Void)?

        /// A lease of a length, from the grant and from each `renew()`.
        ///
        /// - Parameters:
        ///   - length: More than nothing, and less than a hundred years.
        ///   - onLoss: Told, once and on a thread of its own, when the lease
        ///     ends before the lock is released, or somebody breaks the lock;
        ///     within a second, and never after the release.
        public init(
            _ length: Duration, onLoss: (@Sendable (CoordinatorError) -> Void)? = nil
        ) {
            self.length = length
            self.onLoss = onLoss
        }

        /// - Throws: `invalid` where the length is none.
        func checked() throws(CoordinatorError) -> UInt64 {
            if let length = LeaseTerm.length(length) { return length }
            throw CoordinatorError(
                .invalid, "a lease is longer than nothing, and shorter than a hundred years")
        }
    }
}
