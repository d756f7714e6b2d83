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
        // Numbered as in proc_pid_stat(5).
        var fields = Fields(text[(end + 1)...], from: 3)
        guard let name = fields.field(3), name.count == 1, let state = name.first,
            let parent = fields.field(4).flatMap({ Int32(decimal: $0) }),
            let threads = fields.field(20).flatMap({ Int(decimal: $0) }),
            let start = fields.field(22).flatMap({ UInt64(decimal: $0) })
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

/// The fields of a line, looked at from the left to the right.
///
/// Split all at once, they would cost a command's start an array of a type
/// that nothing else needs.
private struct Fields {
    private var rest: ArraySlice<UInt8>
    /// The number of the first field in the rest.
    private var next: Int

    init(_ line: ArraySlice<UInt8>, from first: Int) {
        rest = line
        next = first
    }

    /// The field of a number, which is not left of one that was asked for; nil
    /// where the line is shorter.
    mutating func field(_ number: Int) -> ArraySlice<UInt8>? {
        while true {
            rest = rest.drop(while: Self.isSeparator)
            let field = rest.prefix { !Self.isSeparator($0) }
            if field.isEmpty { return nil }
            rest = rest.dropFirst(field.count)
            next += 1
            if next > number { return field }
        }
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n")
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
