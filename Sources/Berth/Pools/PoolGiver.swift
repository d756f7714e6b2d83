// SPDX-License-Identifier: Apache-2.0

/// Who gives items back: a directory and a tag, and of the processes for which
/// they may have been taken one that is named, or one that the caller descends
/// from.
struct PoolGiver {
    let path: String
    let tag: String?
    let process: Int32?

    init(path: String?, tag: String?, process: Int32?) throws(CoordinatorError) {
        self.path = try AbsolutePath.directory(path)
        if let tag { try ReservationText.check(tag, "the tag") }
        self.tag = tag
        self.process = process
    }

    /// What it has, among all holdings that go on: that of the nearest process,
    /// else that of the directory itself.
    func holding(in holdings: [PoolHolding]) throws(CoordinatorError) -> PoolHolding? {
        let own = holdings.filter { $0.sign == nil && $0.path == path && $0.tag == tag }
        if let process { return own.first { $0.process == process } }
        guard own.contains(where: { $0.process != nil }) else { return own.first }
        for ancestor in try LockService.ancestors() {
            if let holding = own.first(where: { $0.process == ancestor }) { return holding }
        }
        return own.first { $0.process == nil }
    }

    /// For messages.
    var description: String {
        let label = tag.map { path + " with the tag " + $0 } ?? path
        return process.map { "process " + String($0) + " for " + label } ?? label
    }
}
