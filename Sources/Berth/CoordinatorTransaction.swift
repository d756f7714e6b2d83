// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// What the body of `transaction(_:_:)` sees and changes.
///
/// Everything that it changes happens together, or not at all. It sees its own
/// changes at once; others see them when the body has returned.
public struct CoordinatorTransaction {
    var base: Transaction
    /// The locks of the same store.
    let locks: LockService
    /// The records of running jobs that it changes, until its end.
    var running: [RecordKey: RunningJobs] = [:]
    /// What it brings to those who sleep for it.
    var bells: Set<Interest> = []

    init(_ base: Transaction, _ locks: LockService) {
        self.base = base
        self.locks = locks
    }
}
