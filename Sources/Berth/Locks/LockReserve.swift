// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Room that is kept for a full disk: a file beside the folders of the locks,
/// which is cut shorter where something small finds no place.
///
/// A lock that is used for the first time needs a folder and a line in its
/// gate, and some tickets a content; everything else about a lock needs no
/// room. Nothing depends on the file: where it is missing, or another program
/// is quicker to use what it gives, there is no room, and that is said.
enum LockReserve {
    private static var fileName: String { "reserve" }
    /// Enough for some new locks: each takes two blocks.
    private static var size: Int { 64 * 1024 }
    /// How much is given at a time.
    private static var step: Int { 8 * 1024 }

    /// Makes it as long as it is to be, or as there is room for.
    static func fill(_ directory: FileDescriptor) {
        try? withFile(in: directory, .creating) { (file, count) throws(SystemError) in
            guard count < size else { return }
            // Written, not only lengthened: a hole keeps no room.
            try FileCalls.writeAll(
                file, [UInt8](repeating: UInt8(ascii: "\n"), count: size - count), at: count)
        }
    }

    /// Gives some of it to the disk; returns whether there was any.
    ///
    /// Two who do so at once may give the same part: whoever finds no room
    /// again asks for more.
    static func give(_ directory: FileDescriptor) -> Bool {
        let given = try? withFile(in: directory, .readingAndWriting) {
            (file, count) throws(SystemError) -> Bool in
            guard count > 0 else { return false }
            try FileCalls.truncate(file, to: max(0, count - step))
            return true
        }
        return given ?? false
    }

    private static func withFile<Result>(
        in directory: FileDescriptor, _ mode: OpenMode,
        _ body: (_ file: FileDescriptor, _ size: Int) throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        let file = try FileCalls.open(fileName, in: directory, mode)
        defer { FileCalls.close(file) }
        let status = try FileCalls.status(of: file)
        guard status.isRegular else { throw SystemError("open", .noEntry) }
        return try body(file, status.size)
    }
}

extension LockFolder {
    /// Makes a system call once more for as long as it finds no room and the
    /// reserve gives some.
    func withRoom<Result>(
        _ body: () throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        while true {
            do throws(SystemError) {
                return try body()
            } catch {
                guard error.errno == .noSpace || error.errno == .quotaExceeded,
                    givesRoom()
                else { throw error }
            }
        }
    }

    private func givesRoom() -> Bool {
        (try? withDirectory { LockReserve.give($0) }) ?? false
    }

    /// Keeps room for the next time: after a lock was used for the first time.
    func fillReserve() {
        try? withDirectory { LockReserve.fill($0) }
    }

    /// Opens the directory that the folder is in.
    private func withDirectory<Result>(
        _ body: (FileDescriptor) -> Result
    ) throws(SystemError) -> Result {
        let above = try FileCalls.openDirectory("..", in: directory)
        defer { FileCalls.close(above) }
        return body(above)
    }
}
