// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The excluded ports of a configuration file, to be changed.
///
/// A change is made as a whole: a file is replaced by one that is complete
/// before it takes its place. Changes by programs that use the same store come
/// one after the other, under that store's writers' lock.
package struct PortExclusions {
    /// The absolute path of the file.
    package let path: String
    private let coordinator: Coordinator

    package init(in path: String, _ coordinator: Coordinator) {
        self.path = path
        self.coordinator = coordinator
    }

    /// Excludes ports that are not excluded in the file yet.
    ///
    /// - Parameters:
    ///   - ports: What to exclude.
    ///   - isForced: Whether ports that are reserved may be excluded.
    ///   - isCompacted: Whether the list is made as short as can be.
    /// - Returns: Whether the file was changed.
    /// - Throws: ``CoordinatorError`` with `unavailable` where one of them is
    ///   reserved, and with `configuration` where the file is wrong.
    package func exclude(
        _ ports: PortSet, forced isForced: Bool = false, compacting isCompacted: Bool = false
    ) throws -> Bool {
        try alone { ledger in
            let text = try ConfigurationText.read(path)
            var wanted = ports
            if let text {
                let kind = Self.kind(path)
                for range in try PortConfiguration(text, kind).excluded.ranges {
                    for port in range { wanted.remove(port) }
                }
            }
            if wanted.isEmpty { return false }
            if !isForced, let ledger {
                for range in wanted.ranges {
                    try ledger.visit(in: range) { reservation in throw Self.refusal(reservation) }
                }
            }
            guard let text else {
                try replace(by: ExclusionEdit.newFile(wanted.ranges))
                return true
            }
            var bytes = try ExclusionEdit.adding(wanted.ranges, to: text)
            if isCompacted {
                let longer = try ConfigurationText(bytes, name: path)
                bytes = try ExclusionEdit.compacted(longer) ?? bytes
            }
            try replace(by: bytes)
            return true
        }
    }

    /// Makes the list as short as can be.
    ///
    /// - Parameter isPlanned: Whether the file is left as it is.
    /// - Returns: The ranges that the file excludes then; nil where the list
    ///   is as short as can be already.
    /// - Throws: ``CoordinatorError`` with `configuration` where the file is
    ///   wrong, or there is none.
    package func compact(planned isPlanned: Bool) throws -> [ClosedRange<Int>]? {
        try alone { _ in
            guard let text = try ConfigurationText.read(path) else {
                throw CoordinatorError(.configuration, "there is no file " + path)
            }
            let ranges = try PortConfiguration(text, Self.kind(path)).excluded.ranges
            guard let bytes = try ExclusionEdit.compacted(text) else { return nil }
            if !isPlanned { try replace(by: bytes) }
            return ranges
        }
    }

    private static func kind(_ path: String) -> PortConfiguration.FileKind {
        AbsolutePath.lastComponent(path) == ConfigurationFiles.userName ? .user : .project
    }

    private static func refusal(_ reservation: PortReservation) -> CoordinatorError {
        CoordinatorError(
            .unavailable,
            "port " + String(reservation.port) + " is reserved for "
                + reservation.owner.description + "; release it first, or use --force")
    }

    /// Runs a body as the store's only writer, where there is a store.
    private func alone<Result>(_ body: (PortLedger?) throws -> Result) throws -> Result {
        guard try coordinator.hasStore() else { return try body(nil) }
        return try coordinator.write("port.exclude") { transaction in
            try body(PortLedger(transaction.base, .live))
        }
    }

    /// A crash here leaves the file as it was, and may leave one beside it
    /// whose name ends in `.new`.
    private func replace(by bytes: [UInt8]) throws(CoordinatorError) {
        let isDurable: Bool
        do throws(SystemError) {
            let path = try Self.linkless(path)
            guard let name = AbsolutePath.parent(path) else { return }
            let directory = try FileCalls.openDirectory(name)
            defer { FileCalls.close(directory) }
            let file = AbsolutePath.lastComponent(path)
            // What lies in a store is its owner's alone.
            isDurable = try FileCalls.replace(
                file, in: directory, by: bytes,
                newPermissions: Self.kind(path) == .user ? 0o600 : 0o644)
        } catch {
            throw .system("cannot write " + path, error)
        }
        if !isDurable {
            throw CoordinatorError(
                .indeterminate, path + " is changed, but may be as it was after a power loss")
        }
    }

    /// What a link leads to is written to, and the link stays.
    private static func linkless(_ path: String) throws(SystemError) -> String {
        do throws(SystemError) {
            return String(decoding: try FileCalls.realPath(path), as: UTF8.self)
        } catch let error where error.errno == .noEntry {
            return path
        }
    }
}
