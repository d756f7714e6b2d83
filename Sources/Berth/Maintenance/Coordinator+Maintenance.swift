// SPDX-License-Identifier: Apache-2.0

package import BerthStore

extension Coordinator {
    // MARK: Synchronous

    /// What the store consists of. Takes no lock, and changes nothing. Blocks
    /// the current thread for as long as reading takes.
    ///
    /// - Returns: The sizes and counts at one moment.
    /// - Throws: ``CoordinatorError`` with `notFound` where there is no store,
    ///   and with `damaged` where its journal is.
    public func information() throws -> StoreInformation {
        do {
            return StoreInformation(try store.facts())
        } catch {
            throw CoordinatorError.converted(error)
        }
    }

    /// Reads everything in the store, and compares it with what was written.
    ///
    /// Blocks the current thread for as long as reading takes. Takes no lock,
    /// changes nothing, and keeps nobody from writing meanwhile.
    ///
    /// - Returns: What was found. Damage is an answer and not an error.
    /// - Throws: ``CoordinatorError`` with `notFound` where there is no store.
    public func verify() throws -> StoreCheck {
        try verify(progress: { _, _ in })
    }

    /// Writes a copy of the store, as it is at one moment, as a new store.
    ///
    /// Blocks the current thread for as long as copying takes; nobody else
    /// waits. The copy's records keep their versions, and its versions go on
    /// from there. It has an identity of its own, and none of the named locks.
    /// After a crash there is no store at the path, but perhaps a directory
    /// beside it whose name contains `.incomplete-`, which the next copy that is
    /// made beside it removes.
    ///
    /// - Parameter path: Where nothing is yet, on a local disk.
    /// - Returns: The number of the last transaction in the copy.
    /// - Throws: ``CoordinatorError`` with `notFound` where there is no store,
    ///   with `cannotCreate` where something is at the path or nothing can be.
    @discardableResult
    public func backUp(to path: String) throws -> UInt64 {
        try backUp(to: path, progress: { _, _ in })
    }

    // MARK: With a report of the progress

    /// As the one without; hears how many bytes of how many were read.
    package func verify(progress: @escaping ProgressReport) throws -> StoreCheck {
        do {
            return StoreCheck(try store.verify(progress: progress))
        } catch {
            throw CoordinatorError.converted(error)
        }
    }

    /// As the one without; hears how many records of how many were written.
    package func backUp(to path: String, progress: @escaping ProgressReport) throws -> UInt64 {
        do {
            return try store.backUp(to: try AbsolutePath.directory(path), progress: progress)
        } catch {
            throw CoordinatorError.converted(error)
        }
    }

    /// Makes a new store of what is valid in this one; hears how many records
    /// were written. See ``BerthStore/Store/salvage(to:progress:)``.
    package func salvage(
        to path: String, progress: @escaping ProgressReport
    ) throws -> SalvageReport {
        do {
            return try store.salvage(to: try AbsolutePath.directory(path), progress: progress)
        } catch {
            throw CoordinatorError.converted(error)
        }
    }

    /// Reports every record, as they are at one moment, in the order of their
    /// keys, until the body returns false.
    package func dump(_ body: (Record) throws -> Bool) throws {
        _ = try information()
        try read { try $0.forEach(prefix: "", body) }
    }

    // MARK: Asynchronous

    /// What the store consists of, as the synchronous twin tells it.
    public func information() async throws -> StoreInformation {
        try await onThread { try self.information() }
    }

    /// Reads everything in the store, as the synchronous twin does.
    public func verify() async throws -> StoreCheck {
        try await onThread { try self.verify() }
    }

    /// Writes a copy of the store, as the synchronous twin does.
    @discardableResult
    public func backUp(to path: String) async throws -> UInt64 {
        try await onThread { try self.backUp(to: path) }
    }
}
