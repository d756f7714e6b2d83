// SPDX-License-Identifier: Apache-2.0

import Berth
import Foundation

/// Makes a store of some records whose journal is just under the size of a rotation.
///
/// - Parameters:
///   - directory: the store.
///   - records: how many; their keys are `bench/0000000` and so on.
/// - Throws: what the library throws.
func fill(_ directory: String, with records: Int) throws {
    let berth = try Coordinator.open(at: directory, durability: .process)
    for first in stride(from: 0, to: records, by: 10_000) {
        try berth.transaction { transaction in
            for number in first..<min(first + 10_000, records) {
                let digits = String(number)
                let zeros = String(repeating: "0", count: 7 - digits.count)
                try transaction.setValue(
                    value(counting: number), forKey: "bench/" + zeros + digits)
            }
        }
    }

    var number = 0
    /// Commits one small line, and says how long the journal is then.
    func step() throws -> Int {
        _ = try berth.transaction { transaction in
            try transaction.setValue(
                value(counting: number), forKey: "tail/" + String(number % 1000))
        }
        number += 1
        return try length(ofJournalIn: directory)
    }
    // The bulk left a long journal: the first step rotates it away. The second
    // rotation shows how long a journal grows under small lines; from there on
    // up to two lines less.
    var last = try step()
    var next = try step()
    let line = next - last
    while next > last { (last, next) = (next, try step()) }
    let longest = last
    while next + 2 * line < longest { next = try step() }
}

/// Where the last line of the journal ends; newlines fill what follows.
private func length(ofJournalIn directory: String) throws -> Int {
    let journal = try Data(contentsOf: URL(fileURLWithPath: directory + "/journal"))
    return journal.lastIndex { $0 != UInt8(ascii: "\n") }.map { $0 + 2 } ?? 0
}
