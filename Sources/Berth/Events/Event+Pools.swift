// SPDX-License-Identifier: Apache-2.0

extension Coordinator.Event.Kind {
    /// Too few items of a pool are free: the caller stands in line for them,
    /// or would not.
    ///
    /// Details: `pool`, `count`; `free`, how many are; `wait`, `yes` or `no`.
    public static var poolBusy: Self { Self(rawValue: "pool.busy") }

    /// Items of a pool were taken, or renewed. Details: `pool`; `items`, with
    /// commas between them; `waited`.
    public static var poolTaken: Self { Self(rawValue: "pool.taken") }

    /// Items of a pool were given back by their owner. Details: `pool`, `items`.
    public static var poolGiven: Self { Self(rawValue: "pool.given") }
}
