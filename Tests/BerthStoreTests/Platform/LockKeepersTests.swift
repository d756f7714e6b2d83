// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Testing

@testable import BerthStore

@Suite("Who keeps a file locked")
struct LockKeepersTests {
    @Test func isWhoHasTheDescriptionThatLockedIt() throws {
        let store = try TemporaryStore()
        let folder = try FileCalls.openDirectory(store.directory)
        defer { FileCalls.close(folder) }
        let name = "kept-\(CurrentProcess.identifier)"
        let file = try FileCalls.open(name, in: folder, .creatingNew)
        defer { FileCalls.close(file) }
        let identity = try FileCalls.status(of: file).identity
        let own = CurrentProcess.identifier
        #if os(Linux)
            // Open is not locked.
            #expect(!LockKeepers.keeps(own, identity, named: name))
        #endif
        #expect(try FileCalls.lock(file, .exclusive, waiting: false))
        #expect(LockKeepers.keeps(own, identity, named: name))
        #expect(LockKeepers.all(of: identity, named: name) == [own])
        // Also where it has lost its name.
        try FileCalls.unlink(name, in: folder)
        #expect(LockKeepers.keeps(own, identity, named: name))
        let other = FileIdentity(device: identity.device, inode: identity.inode + 1)
        #expect(!LockKeepers.keeps(own, other, named: name))
        #expect(!LockKeepers.keeps(own, identity, named: "kept"))
        #if os(Linux)
            try FileCalls.unlock(file)
            #expect(try FileCalls.lock(file, .shared, waiting: false))
            #expect(!LockKeepers.keeps(own, identity, named: name))
        #endif
    }
}
