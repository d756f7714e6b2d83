// SPDX-License-Identifier: Apache-2.0

/// What the kernel says of one process.
package struct ProcessFacts: Hashable, Sendable {
    /// When it started, in a unit of the system's own: clock ticks since the
    /// boot on Linux, microseconds since 1970 on macOS.
    package var start: UInt64
    package var parent: Int32
    /// The letter of its state, as `ps` shows it.
    package var state: UInt8
    package var threads: Int
    /// A number that no two processes of one boot share, where the kernel has one.
    package var instance: UInt64?

    package init(start: UInt64, parent: Int32, state: UInt8, threads: Int, instance: UInt64?) {
        self.start = start
        self.parent = parent
        self.state = state
        self.threads = threads
        self.instance = instance
    }

    /// Reads `/proc/<pid>/stat`; nil where it is not in that form.
    ///
    /// The second field is the command's name in parentheses, which may hold
    /// spaces and parentheses of its own: the last `)` ends it.
    package init?(stat text: [UInt8]) {
        guard let end = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let rest = text[(end + 1)...]
        let fields = rest.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
        // Fields 3, 4, 20 and 22 of proc_pid_stat(5).
        guard fields.count > 19, fields[0].count == 1, let state = fields[0].first,
            let parent = Int32(decimal: fields[1]),
            let threads = Int(decimal: fields[17]),
            let start = UInt64(decimal: fields[19])
        else { return nil }
        self.init(start: start, parent: parent, state: state, threads: threads, instance: nil)
    }

    /// Whether it has ended, and only its entry is left for the parent to
    /// read: its locks are free. One whose first thread alone has ended lives.
    package var isZombie: Bool {
        switch state {
        case UInt8(ascii: "Z"), UInt8(ascii: "X"), UInt8(ascii: "x"): threads <= 1
        default: false
        }
    }

    /// Whether a signal or a debugger has stopped it.
    package var isStopped: Bool {
        state == UInt8(ascii: "T") || state == UInt8(ascii: "t")
    }
}

/// What became of a question about a process.
package enum ProcessObservation: Hashable, Sendable {
    case found(ProcessFacts)
    /// There is no process of that number.
    case missing
    /// There may be one, but nothing can be learned of it.
    case unreadable
}
