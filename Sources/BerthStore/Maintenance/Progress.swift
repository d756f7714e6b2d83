// SPDX-License-Identifier: Apache-2.0

/// Hears how much of a long piece of work is done, in units of its own.
package typealias ProgressReport = (_ done: Int, _ total: Int) -> Void

/// Walks over entries, and tells how many there were.
struct ReportingCursor: EntryCursor {
    private var base: any EntryCursor
    private let total: Int
    private let report: ProgressReport
    private var done = 0

    /// How many entries there are between two reports.
    private static var step: Int { 1024 }

    init(_ base: any EntryCursor, total: Int, _ report: @escaping ProgressReport) {
        self.base = base
        self.total = total
        self.report = report
    }

    mutating func next() throws(StoreError) -> Entry? {
        let entry = try base.next()
        if entry != nil { done += 1 }
        if entry == nil || done % Self.step == 0 { report(done, max(done, total)) }
        return entry
    }
}
