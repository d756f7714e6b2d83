// SPDX-License-Identifier: Apache-2.0

/// What has to be so for a value to be written.
public struct KeyCondition: Hashable, Sendable {
    enum State: Hashable {
        case any
        case absent
        case version(UInt64)
    }

    struct Grant: Hashable {
        let lock: String
        let token: UInt64
    }

    let state: State
    /// The grant of a lock that must still be in force.
    var grant: Grant?

    /// Nothing.
    public static var always: KeyCondition { KeyCondition(state: .any) }
    /// There is no value under the key.
    public static var absent: KeyCondition { KeyCondition(state: .absent) }

    /// The value under the key is still the one of a version.
    public static func version(_ version: UInt64) -> KeyCondition {
        KeyCondition(state: .version(version))
    }

    /// This, and that a lock is still held with a token: so a holder that was
    /// stopped for too long cannot write over the work of the next one.
    public func whileHolding(_ lock: String, token: UInt64) -> KeyCondition {
        var condition = self
        condition.grant = Grant(lock: lock, token: token)
        return condition
    }

    /// Refuses the change of a key that is at a version, or absent.
    ///
    /// - Throws: `stale` where the lock is held no more, `unavailable` where
    ///   the rest does not hold.
    func check(_ key: String, at current: UInt64?, _ locks: LockService) throws(CoordinatorError) {
        if let grant, try !locks.isHeld(try LockName(grant.lock), token: grant.token) {
            throw CoordinatorError(
                .stale,
                "the lock '" + grant.lock + "' is no longer held with the token "
                    + String(grant.token))
        }
        if let problem = problem(at: current) {
            throw CoordinatorError(.unavailable, key + problem)
        }
    }

    private func problem(at current: UInt64?) -> String? {
        switch (state, current) {
        case (.any, _), (.absent, nil):
            return nil
        case (.absent, let current?):
            return " has a value already, of version " + String(current)
        case (.version(let expected), let current):
            if current == expected { return nil }
            let found = current.map { " is at version " + String($0) } ?? " has no value"
            return found + ", not at version " + String(expected)
        }
    }
}
