// SPDX-License-Identifier: Apache-2.0

/// A part of a run's file in memory, moved over it by `pread`.
///
/// Never mapped: a file that shrinks must be an error, not a signal.
struct LineWindow {
    private let run: Run
    /// How much is read next, and how much at most at a time.
    private var step: Int
    private let longestStep: Int
    private var bytes: [UInt8] = []
    /// Where in the file `bytes` begins.
    private var base = 0

    /// - Parameters:
    ///   - run: The run.
    ///   - step: How much is read at a time.
    ///   - longest: How much at last, where that grows: who reads on is likely
    ///     to go on, and who wants one line pays for little more.
    init(_ run: Run, step: Int, growingTo longest: Int? = nil) {
        self.run = run
        self.step = step
        longestStep = longest ?? step
    }

    /// A line without its newline, where it starts, and where the next does.
    struct Line {
        let start: Int
        let next: Int
        /// Where it is in the window.
        fileprivate let range: Range<Int>
    }

    /// The first line that starts at or after an offset; nil where none
    /// starts before `limit`.
    mutating func line(atOrAfter offset: Int, before limit: Int) throws(StoreError) -> Line? {
        // Offset 0 starts a line; any other does where a newline stands before it.
        var start = 0
        if offset > 0 {
            guard let newline = try newline(from: offset - 1) else { return nil }
            start = newline + 1
        }
        return start < limit ? try line(at: start) : nil
    }

    /// The line that starts at an offset.
    mutating func line(at start: Int) throws(StoreError) -> Line {
        guard let newline = try newline(from: start) else {
            throw run.damaged(at: start, "a line does not end")
        }
        return Line(start: start, next: newline + 1, range: start - base..<newline - base)
    }

    /// Runs a body on a line's bytes.
    func withBytes<Result>(_ line: Line, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[line.range])) }
    }

    /// The offset of the first newline at or after an offset. The window
    /// afterwards holds everything between the two.
    private mutating func newline(from offset: Int) throws(StoreError) -> Int? {
        let longest = max(longestStep, RunLine.maximumLength)
        var length = step
        while true {
            if offset >= base, offset < base + bytes.count,
                let found = bytes.withUnsafeBytes({ $0.firstNewline(from: offset - base) })
            {
                return base + found
            }
            if length > longest { return nil }
            let wanted = min(length, run.reference.bytes - offset)
            guard wanted > 0 else { return nil }
            bytes = try run.read(at: offset, count: wanted)
            base = offset
            step = min(4 * step, longestStep)
            if bytes.withUnsafeBytes({ $0.firstNewline(from: 0) }) == nil,
                offset + wanted == run.reference.bytes
            {
                return nil
            }
            length = length < longest ? min(4 * length, longest) : longest + 1
        }
    }
}
