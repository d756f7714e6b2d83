// SPDX-License-Identifier: Apache-2.0

package import BerthStore
import Synchronization

/// Who waits, or holds a lock: what people and programs are told of a ticket.
///
/// It decides nothing. It is missing where the disk was full or its writer was
/// killed, and each time in it is for people to read.
package struct TicketDetails: Hashable, Sendable {
    /// The process whose ticket it is.
    package let holder: Holder
    package let user: UInt32
    package let command: String
    /// When the ticket was taken, in milliseconds since 1970.
    package let taken: Int64
    /// When its wait began, on the clock of leases: tells which of two came
    /// later, in one boot.
    package let joined: UInt64
    /// When the lock was granted; nil while it is waited for.
    package let since: Int64?
    /// The command that holds the lock together with the holder; nil where there is none.
    package let child: Child?
    /// The locks that the holder was under already, as ``HeldLocks`` writes them.
    package let under: String

    package struct Child: Hashable, Sendable {
        package let process: Int32
        package let start: UInt64

        package init(process: Int32, start: UInt64) {
            self.process = process
            self.start = start
        }
    }

    /// The command as a holder: it runs beside the one that started it.
    var childHolder: Holder? {
        child.map {
            Holder(
                process: $0.process, start: $0.start, instance: nil,
                surroundings: holder.surroundings)
        }
    }

    /// Where ``since`` stands: 16 digits, all of them 0 in line. A grant is told
    /// in place.
    static var sinceOffset: Int { 10 }

    private static func digits(since: Int64) -> [UInt8] {
        Ticket.digits(UInt64(clamping: since))
    }

    /// `{"since":"…",…}`
    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.member(
            "since", String(decoding: Self.digits(since: since ?? 0), as: UTF8.self))
        holder.write(to: &writer)
        writer.member("user", user)
        writer.member("command", command)
        writer.member("at", taken)
        writer.member("joined", joined)
        if let child {
            writer.member("child")
            writer.beginObject()
            writer.member("pid", child.process)
            writer.member("start", child.start)
            writer.endObject()
        }
        if !under.isEmpty { writer.member("under", under) }
        writer.endObject()
        return writer.bytes
    }

    package init(
        holder: Holder, user: UInt32, command: String, taken: Int64, joined: UInt64,
        since: Int64?, child: Child?, under: String
    ) {
        self.holder = holder
        self.user = user
        self.command = command
        self.taken = taken
        self.joined = joined
        self.since = since
        self.child = child
        self.under = under
    }

    /// Reads them back; nil where they are missing or damaged.
    package init?(json: [UInt8]) {
        guard let fields = JSONFields(json), let holder = Holder(fields),
            let taken: Int64 = fields.integer("at")
        else { return nil }
        self.holder = holder
        self.taken = taken
        joined = fields.integer("joined") ?? 0
        user = fields.integer("user") ?? 0
        command = fields.string("command") ?? ""
        since = fields.string("since").flatMap { Int64(decimal: Array($0.utf8)[...]) }
            .flatMap { $0 > 0 ? $0 : nil }
        under = fields.string("under") ?? ""
        child = fields.fields("child").flatMap { child in
            guard let process: Int32 = child.integer("pid"),
                let start: UInt64 = child.integer("start")
            else { return nil }
            return Child(process: process, start: start)
        }
    }
}

extension TicketDetails {
    /// Writes the details of one ticket, again and again as they change. An
    /// object for the reason of ``Holder``.
    final class Writer: Sendable {
        let command: String
        let under: String
        private let taken = Clock.wallMilliseconds
        private let joined = Clock.boot
        private let target: Holder?
        /// Whether they say all but whether the lock is granted.
        private let isWritten = Atomic(false)

        /// For the process for which the ticket is taken; nil is this one.
        init(target: Holder?, command: String, under: String) {
            self.target = target
            self.command = command
            self.under = under
        }

        func write(of ticket: Ticket, in folder: LockFolder, granted: Bool, command child: Int32?) {
            if granted, child == nil, isWritten.load(ordering: .relaxed) {
                try? Self.markGranted(ticket.detailsName, in: folder.directory)
                return
            }
            guard let holder = target ?? (try? Holder.known()) else { return }
            let details = TicketDetails(
                holder: holder, user: CurrentProcess.effectiveUser, command: command, taken: taken,
                joined: joined, since: granted ? Clock.wallMilliseconds : nil,
                child: child.flatMap(Self.child), under: under)
            do throws(SystemError) {
                try Self.replace(ticket.detailsName, in: folder.directory, details.json)
                isWritten.store(true, ordering: .relaxed)
            } catch {
                // As far as there is room.
            }
        }

        /// Others wait behind the one who does this, and for nothing else.
        private static func markGranted(
            _ name: String, in directory: FileDescriptor
        ) throws(SystemError) {
            let file = try FileCalls.open(name, in: directory, .writing)
            defer { FileCalls.close(file) }
            try FileCalls.writeAll(
                file, TicketDetails.digits(since: Clock.wallMilliseconds),
                at: TicketDetails.sinceOffset)
        }

        private static func child(_ process: Int32) -> Child? {
            guard case .found(let facts) = ProcessTable.observe(process) else { return nil }
            return Child(process: process, start: facts.start)
        }

        /// Overwritten in place: a reader of the moment sees no details.
        private static func replace(
            _ name: String, in directory: FileDescriptor, _ bytes: [UInt8]
        ) throws(SystemError) {
            let file = try FileCalls.open(name, in: directory, .creating)
            defer { FileCalls.close(file) }
            let status = try FileCalls.status(of: file)
            guard status.isRegular else { return }
            try FileCalls.writeAll(file, bytes, at: 0)
            if status.size > bytes.count { try FileCalls.truncate(file, to: bytes.count) }
        }
    }
}

extension LockFolder {
    /// What is known of a ticket's holder.
    func details(of ticket: Ticket) -> TicketDetails? {
        guard let file = try? FileCalls.open(ticket.detailsName, in: directory, .reading) else {
            return nil
        }
        defer { FileCalls.close(file) }
        guard let status = try? FileCalls.status(of: file), status.isRegular,
            let bytes = try? FileCalls.readAll(file, limit: 8192)
        else { return nil }
        return TicketDetails(json: bytes)
    }
}
