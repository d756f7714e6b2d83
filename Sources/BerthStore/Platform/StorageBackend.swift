// SPDX-License-Identifier: Apache-2.0

/// The seam between the engine and the kernel: each system call that the
/// store's durability rests on, and nothing else.
///
/// The live one is `SystemStorage`. A test's double keeps files in memory,
/// forgets what was not flushed, and fails where it is told to. Each method
/// does what the system call of its documentation in `FileCalls` does,
/// partial writes included.
package protocol StorageBackend: AnyObject, Sendable {
    /// Opens the directory of the store.
    func openDirectory(_ path: String) throws(SystemError) -> FileDescriptor
    /// Opens a directory inside the store.
    func openDirectory(
        _ name: String, in directory: FileDescriptor
    ) throws(SystemError) -> FileDescriptor
    func makeDirectory(_ path: String) throws(SystemError)
    func makeDirectory(_ name: String, in directory: FileDescriptor) throws(SystemError)
    func open(
        _ name: String, in directory: FileDescriptor, _ mode: OpenMode
    ) throws(SystemError) -> FileDescriptor
    func close(_ file: FileDescriptor)

    func status(of file: FileDescriptor) throws(SystemError) -> FileStatus
    func links(of file: FileDescriptor) throws(SystemError) -> Int
    func status(
        ofName name: String, in directory: FileDescriptor
    ) throws(SystemError) -> FileStatus
    func status(ofPath path: String) throws(SystemError) -> FileStatus
    func entries(of directory: FileDescriptor) throws(SystemError) -> [String]
    func unsafeFileSystem(of file: FileDescriptor) throws(SystemError) -> String?
    func isCopyOnWrite(_ file: FileDescriptor) throws(SystemError) -> Bool

    func read(
        _ file: FileDescriptor, into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(SystemError) -> Int
    func write(
        _ file: FileDescriptor, _ bytes: UnsafeRawBufferPointer, at offset: Int
    ) throws(SystemError) -> Int
    func truncate(_ file: FileDescriptor, to size: Int) throws(SystemError)
    func flush(_ file: FileDescriptor) throws(SystemError)
    func flushDirectory(_ directory: FileDescriptor) throws(SystemError)

    func rename(
        _ name: String, to newName: String, in directory: FileDescriptor
    ) throws(SystemError)
    func unlink(_ name: String, in directory: FileDescriptor) throws(SystemError)

    func lock(
        _ file: FileDescriptor, _ mode: LockMode, waiting: Bool
    ) throws(SystemError) -> Bool
    func unlock(_ file: FileDescriptor) throws(SystemError)
}

/// The storage of this machine.
package final class SystemStorage: StorageBackend {
    package init() {}

    package func openDirectory(_ path: String) throws(SystemError) -> FileDescriptor {
        try FileCalls.openDirectory(path)
    }

    package func openDirectory(
        _ name: String, in directory: FileDescriptor
    ) throws(SystemError) -> FileDescriptor {
        try FileCalls.openDirectory(name, in: directory)
    }

    package func makeDirectory(_ path: String) throws(SystemError) {
        try FileCalls.makeDirectory(path)
    }

    package func makeDirectory(
        _ name: String, in directory: FileDescriptor
    ) throws(SystemError) {
        try FileCalls.makeDirectory(name, in: directory)
    }

    package func open(
        _ name: String, in directory: FileDescriptor, _ mode: OpenMode
    ) throws(SystemError) -> FileDescriptor {
        try FileCalls.open(name, in: directory, mode)
    }

    package func close(_ file: FileDescriptor) {
        FileCalls.close(file)
    }

    package func status(of file: FileDescriptor) throws(SystemError) -> FileStatus {
        try FileCalls.status(of: file)
    }

    package func links(of file: FileDescriptor) throws(SystemError) -> Int {
        try FileCalls.links(of: file)
    }

    package func status(
        ofName name: String, in directory: FileDescriptor
    ) throws(SystemError) -> FileStatus {
        try FileCalls.status(ofName: name, in: directory)
    }

    package func status(ofPath path: String) throws(SystemError) -> FileStatus {
        try FileCalls.status(ofPath: path)
    }

    package func entries(of directory: FileDescriptor) throws(SystemError) -> [String] {
        try FileCalls.entries(of: directory)
    }

    package func unsafeFileSystem(of file: FileDescriptor) throws(SystemError) -> String? {
        try FileCalls.unsafeFileSystem(of: file)
    }

    package func isCopyOnWrite(_ file: FileDescriptor) throws(SystemError) -> Bool {
        try FileCalls.fileSystem(of: file).isCopyOnWrite
    }

    package func read(
        _ file: FileDescriptor, into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(SystemError) -> Int {
        try FileCalls.read(file, into: buffer, at: offset)
    }

    package func write(
        _ file: FileDescriptor, _ bytes: UnsafeRawBufferPointer, at offset: Int
    ) throws(SystemError) -> Int {
        try FileCalls.write(file, bytes, at: offset)
    }

    package func truncate(_ file: FileDescriptor, to size: Int) throws(SystemError) {
        try FileCalls.truncate(file, to: size)
    }

    package func flush(_ file: FileDescriptor) throws(SystemError) {
        try FileCalls.flush(file)
    }

    package func flushDirectory(_ directory: FileDescriptor) throws(SystemError) {
        try FileCalls.flushDirectory(directory)
    }

    package func rename(
        _ name: String, to newName: String, in directory: FileDescriptor
    ) throws(SystemError) {
        try FileCalls.rename(name, to: newName, in: directory)
    }

    package func unlink(_ name: String, in directory: FileDescriptor) throws(SystemError) {
        try FileCalls.unlink(name, in: directory)
    }

    package func lock(
        _ file: FileDescriptor, _ mode: LockMode, waiting: Bool
    ) throws(SystemError) -> Bool {
        try FileCalls.lock(file, mode, waiting: waiting)
    }

    package func unlock(_ file: FileDescriptor) throws(SystemError) {
        try FileCalls.unlock(file)
    }
}
