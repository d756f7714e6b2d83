// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport

/// What a sequence of operations begins with.
enum StartingStore: String, CaseIterable, Sendable {
    /// No directory.
    case nothing
    /// A directory without a record.
    case empty
    /// Records in the journal alone.
    case tail
    /// Records in the journal and in one run.
    case run
    /// So many runs that the next rotation merges them.
    case runs
    /// Runs that are to be merged beside everything else, all there are.
    case mergeable
    /// The same, above an older run, with records that it hides.
    case mergeableAbove
    /// A finished merge waits for its name.
    case merged
    /// The same, above an older run.
    case mergedAbove

    /// Those in which nothing is to be merged.
    static var ordinary: [StartingStore] { [.nothing, .empty, .tail, .run, .runs] }
    static var merging: [StartingStore] { [.mergeable, .mergeableAbove, .merged, .mergedAbove] }

    /// Makes it, wholly on the disk.
    func make(_ durability: Durability) throws -> (DiskState, StoreModel) {
        let disk = SimulatedDisk()
        disk.state.bystanders = ["history"]
        var model = StoreModel()
        if self != .nothing {
            let store = Store.simulated(on: disk, durability: durability)
            try store.create()
            for (index, operation) in operations.enumerated() {
                try perform(operation, index, on: disk, durability)
                model = operation.applied(to: model, salt: index)
            }
        }
        disk.state.sync()
        return (disk.state, model)
    }

    private func perform(
        _ operation: Operation, _ salt: Int, on disk: SimulatedDisk, _ durability: Durability
    ) throws {
        let store = Store.simulated(on: disk, durability: durability, limits: operation.limits)
        try operation.run(on: store, salt: salt)
    }

    private var operations: [Operation] {
        switch self {
        case .nothing, .empty: []
        case .tail: [.overwrite, .many, .set]
        case .run: [.overwrite, .many, .rotation, .set]
        case .runs: [.overwrite, .many, .rotation, .delete, .rotation, .set]
        case .mergeable: Self.threeRuns + [.set]
        case .mergeableAbove: Self.oldRun + Self.threeRuns + [.set]
        case .merged: Self.threeRuns + [.merge, .set]
        case .mergedAbove: Self.oldRun + Self.threeRuns + [.merge, .set]
        }
    }

    private static var oldRun: [Operation] { [.big, .many, .medium, .overwrite, .rotation] }
    private static var threeRuns: [Operation] {
        [.medium, .rotation, .medium, .rotation, .medium, .rotation]
    }
}
