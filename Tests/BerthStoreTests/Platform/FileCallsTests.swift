// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What every file of a store is opened with, on the real system.
@Suite struct FileCallsTests {
    private static let modes: [OpenMode] = [.reading, .readingAndWriting, .creating]

    @Test(arguments: modes)
    func openingKeepsWhatAFileHolds(mode: OpenMode) throws {
        try withFile { directory, name in
            FileCalls.close(try FileCalls.open(name, in: directory, mode))
            let file = try FileCalls.open(name, in: directory, .reading)
            defer { FileCalls.close(file) }
            #expect(try FileCalls.status(of: file).size == 5)
        }
    }

    @Test(arguments: modes)
    func noDescriptorOutlivesExec(mode: OpenMode) throws {
        try withFile { directory, name in
            let file = try FileCalls.open(name, in: directory, mode)
            defer { FileCalls.close(file) }
            for descriptor in [file, directory] {
                #expect(fcntl(descriptor.rawValue, F_GETFD) & FD_CLOEXEC != 0)
            }
        }
    }

    /// A file of five bytes in a directory of its own.
    private func withFile(_ body: (FileDescriptor, String) throws -> Void) throws {
        let place = try TemporaryStore()
        try withExtendedLifetime(place) {
            let directory = try FileCalls.openDirectory(place.directory)
            defer { FileCalls.close(directory) }
            let file = try FileCalls.open("file", in: directory, .creatingNew)
            _ = try Array("five!".utf8).withUnsafeBytes { try FileCalls.write(file, $0, at: 0) }
            FileCalls.close(file)
            try body(directory, "file")
        }
    }
}
