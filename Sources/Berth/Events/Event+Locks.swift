// SPDX-License-Identifier: Apache-2.0

extension Coordinator.Event.Kind {
    /// A lock is held by another: the caller waits for it, or would not.
    ///
    /// Details: `lock`, `mode`; `pid` and `command` of the holder, where they
    /// are known; `place`, how many there are ahead; `wait`, `yes` or `no`.
    public static var lockBusy: Self { Self(rawValue: "lock.busy") }

    /// A lock was taken. Details: `lock`, `token`, `mode`; `waited`.
    public static var lockAcquired: Self { Self(rawValue: "lock.acquired") }

    /// A lock was given back. Details: `lock`, `token`; `held`, for how long.
    public static var lockReleased: Self { Self(rawValue: "lock.released") }

    /// What a dead process had left in the line for a lock was removed.
    /// Details: `lock`, `token`; `pid` and `command`, where they are known.
    public static var lockStale: Self { Self(rawValue: "lock.stale") }
}
