// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// What may be found after a crash, given what was acknowledged before.
struct Expectation {
    /// From the oldest to the newest state.
    private let allowed: [StoreModel]
    private let digests: [Int]
    /// Every version handed out from now on is greater.
    private let floor: UInt64

    init(allowed: [StoreModel], floor: UInt64) {
        self.allowed = allowed
        digests = allowed.map(\.digest)
        self.floor = floor
    }

    /// What is kept of a finding: recovery follows from the state alone, so
    /// one state is looked at once, whatever is expected of it.
    struct Summary {
        let seen: Int
        let written: Int
        let version: UInt64

        init(_ finding: RecoveryCheck.Finding) {
            seen = finding.seen.digest
            written = finding.written.digest
            version = finding.written.version
        }
    }

    /// Whether it was right to find this: what was written and never
    /// acknowledged may come to be with the next write, and what was seen by a
    /// reader does not go away.
    func allows(_ found: Summary) -> Bool {
        guard let place = digests.firstIndex(of: found.seen) else { return false }
        return digests[place...].contains(found.written) && found.version >= floor
    }

    func complaint(_ finding: RecoveryCheck.Finding) -> String {
        "read " + Self.text(finding.seen.sorted()) + " and wrote to "
            + Self.text(finding.written.sorted()) + " at version \(finding.written.version),"
            + " expected " + allowed.map { Self.text($0.sorted()) }.joined(separator: " or ")
            + " at version \(floor) or later"
    }

    static func text(_ records: [Record]) -> String {
        let texts = records.map { record in
            let value = String(decoding: record.value.prefix(12), as: UTF8.self)
            return record.key.text + "=" + value + "@" + String(record.version)
        }
        return "[" + texts.joined(separator: " ") + "]"
    }
}

extension StoreModel {
    /// Equal for equal records.
    fileprivate var digest: Int { records.hashValue }
}
