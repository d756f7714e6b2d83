// SPDX-License-Identifier: Apache-2.0

/// A lock of a file that is not ours, taken as `flock(1)` takes it: so it
/// excludes that command, and is excluded by it.
///
/// Nothing is written to the file, and no mark is left: the lock goes when
/// the last process that has the open file has closed it, or has died.
package struct UserFileLock: Hashable, Sendable {
    package enum Subject: Hashable, Sendable {
        /// A file or a directory, by its path.
        case file([UInt8])
        /// A file that the caller has open, by its number.
        case descriptor(Int32)
    }

    package enum Outcome: Hashable, Sendable {
        case held(FileDescriptor)
        /// Another holds it.
        case conflict
        case timedOut
    }

    package enum Failure: Error, Hashable {
        case opening(SystemError)
        case settingTimer(SystemError)
        case locking(SystemError)
    }

    package let subject: Subject
    package let kind: FileLockKind
    /// Nil locks by `flock`; a range, with those locks of `fcntl` that belong
    /// to the open file. The two kinds do not see each other.
    package let range: FileLockRange?

    package init(_ subject: Subject, _ kind: FileLockKind, range: FileLockRange?) {
        self.subject = subject
        self.kind = kind
        self.range = range
    }

    /// Takes the lock, or gives it back. Blocks the current thread.
    ///
    /// - Parameters:
    ///   - waiting: Whether a lock that another holds is waited for.
    ///   - microseconds: For how long, in a process of one thread; nil is for
    ///     ever, 0 is not at all.
    /// - Returns: The open file where it could be done; its owner is the caller.
    /// - Throws: ``Failure``, with the system's reason.
    package func acquire(
        waiting: Bool, microseconds: Int64?
    ) throws(Failure) -> Outcome {
        let file = try open(writing: range != nil && kind == .exclusive ? .writing : .reading)
        guard let microseconds, microseconds != 0 else {
            return try lock(file.file, waiting: waiting && microseconds == nil)
        }
        let alarm: Alarm
        do throws(SystemError) {
            alarm = try Alarm(microseconds: microseconds)
        } catch {
            close(file.file)
            throw .settingTimer(error)
        }
        defer { alarm.cancel() }
        return try lock(file.file, waiting: waiting)
    }

    private func open(
        writing mode: OpenMode
    ) throws(Failure) -> (file: FileDescriptor, isAsAsked: Bool) {
        switch subject {
        case .descriptor(let number):
            let file = FileDescriptor(rawValue: number)
            guard FileCalls.isInherited(file) else {
                throw .locking(SystemError("flock", .badDescriptor))
            }
            return (file, true)
        case .file(let path):
            do throws(SystemError) {
                return try FileCalls.openToLock(path, mode)
            } catch {
                throw .opening(error)
            }
        }
    }

    private func close(_ file: FileDescriptor) {
        if case .file = subject { FileCalls.close(file) }
    }

    private func lock(_ first: FileDescriptor, waiting: Bool) throws(Failure) -> Outcome {
        var file = first
        var isReopened = false
        while true {
            do throws(SystemError) {
                try FileCalls.lockInterruptibly(file, kind, range, waiting: waiting)
                return .held(file)
            } catch {
                switch error.errno {
                case .wouldBlock, .accessDenied:
                    close(file)
                    return .conflict
                case .interrupted:
                    guard Alarm.hasRung else { continue }
                    close(file)
                    return .timedOut
                case .inputOutput, .badDescriptor:
                    // NFS makes an exclusive lock one of fcntl, which wants a
                    // file that is open for writing.
                    if !isReopened, let other = try reopened(file) {
                        file = other
                        isReopened = true
                        continue
                    }
                    throw .locking(error)
                default:
                    close(file)
                    throw .locking(error)
                }
            }
        }
    }

    /// The file once more, for reading and writing; nil where that is not possible.
    private func reopened(_ file: FileDescriptor) throws(Failure) -> FileDescriptor? {
        guard case .file(let path) = subject else { return nil }
        FileCalls.close(file)
        guard kind != .shared, FileCalls.isReadableAndWritable(path) else { return nil }
        let other = try open(writing: .readingAndWriting)
        if other.isAsAsked { return other.file }
        FileCalls.close(other.file)
        throw .locking(SystemError("open", .isDirectory))
    }
}
