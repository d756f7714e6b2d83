// SPDX-License-Identifier: Apache-2.0

package import BerthStore

extension SimulatedProcess {
    package func open(
        _ name: String, in directory: FileDescriptor, _ mode: OpenMode
    ) throws(SystemError) -> FileDescriptor {
        try perform(.open, name) { state, _ throws(SystemError) in
            let parent = try self.description(directory, .open).number
            let isWritable = mode != .reading
            if let number = state.directories[parent]?.entries[name] {
                if mode == .creatingNew { throw self.fail(.open, .exists) }
                guard let file = state.files[number] else {
                    if isWritable { throw self.fail(.open, .isDirectory) }
                    return self.add(number, name, in: parent, isWritable: false)
                }
                if file.attributes.kind == .symbolicLink {
                    throw self.fail(.open, .symbolicLinkLoop)
                }
                return self.add(
                    number, name, in: parent, isWritable: isWritable,
                    failures: file.failuresAtOpening)
            }
            guard mode == .creating || mode == .creatingNew else {
                throw self.fail(.open, .noEntry)
            }
            self.disk.note(state, before: "create " + name)
            let number = state.makeNumber()
            state.files[number] = SimulatedFile()
            state.directories[parent]?.change(.add(name, number), &state.order)
            return self.add(number, name, in: parent, isWritable: true)
        }
    }

    package func close(_ file: FileDescriptor) {
        disk.monitor.lock()
        defer { disk.monitor.unlock() }
        if disk.descriptions.removeValue(forKey: file.rawValue) == nil, !isGone {
            disk.violate("close of a closed descriptor")
        }
        disk.monitor.broadcast()
    }

    package func status(of file: FileDescriptor) throws(SystemError) -> FileStatus {
        try perform(.status, describe(file)) { state, _ throws(SystemError) in
            self.status(try self.description(file, .status).number, state)
        }
    }

    package func links(of file: FileDescriptor) throws(SystemError) -> Int {
        try status(of: file).links
    }

    package func status(
        ofName name: String, in directory: FileDescriptor
    ) throws(SystemError) -> FileStatus {
        try perform(.status, name) { state, _ throws(SystemError) in
            let parent = try self.description(directory, .status).number
            guard let number = state.directories[parent]?.entries[name] else {
                throw self.fail(.status, .noEntry)
            }
            return self.status(number, state)
        }
    }

    package func status(ofPath path: String) throws(SystemError) -> FileStatus {
        try perform(.status, path) { state, _ throws(SystemError) in
            guard let number = state.directory(at: path) ?? state.number(at: path) else {
                throw self.fail(.status, .noEntry)
            }
            return self.status(number, state)
        }
    }

    private func status(_ number: Int, _ state: DiskState) -> FileStatus {
        let identity = FileIdentity(device: device, inode: UInt64(number))
        if let directory = state.directories[number] {
            return FileStatus(
                identity: identity, kind: .directory, links: 2, owner: directory.owner,
                group: directory.owner, permissions: directory.permissions, size: 4096)
        }
        let file = state.files[number] ?? SimulatedFile()
        let isNamed = state.directories.values.contains { $0.entries.values.contains(number) }
        return FileStatus(
            identity: identity, kind: file.attributes.kind,
            links: isNamed ? file.attributes.links : 0, owner: file.attributes.owner,
            group: file.attributes.owner, permissions: file.attributes.permissions,
            size: file.bytes.count)
    }

    package func unsafeFileSystem(of file: FileDescriptor) throws(SystemError) -> String? {
        try perform(.statfs, describe(file)) { _, _ throws(SystemError) in nil }
    }

    /// No call that others come between: it says what is known of the disk.
    package func isCopyOnWrite(_ file: FileDescriptor) throws(SystemError) -> Bool {
        disk.state.isCopyOnWrite
    }

    package func read(
        _ file: FileDescriptor, into buffer: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(SystemError) -> Int {
        try perform(.read, describe(file)) { state, isShort throws(SystemError) in
            let number = try self.description(file, .read).number
            guard let bytes = state.files[number]?.bytes else {
                throw self.fail(.read, .isDirectory)
            }
            var count = max(0, min(buffer.count, bytes.count - offset))
            if isShort, count > 1 { count /= 2 }
            guard count > 0 else { return 0 }
            bytes.withUnsafeBytes {
                buffer.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count]))
            }
            return count
        }
    }

    package func write(
        _ file: FileDescriptor, _ bytes: UnsafeRawBufferPointer, at offset: Int
    ) throws(SystemError) -> Int {
        let subject = describe(file) + " " + String(bytes.count) + " at " + String(offset)
        return try perform(.write, subject, writing: bytes) { state, isShort throws(SystemError) in
            let number = try self.writable(file, .write, state)
            var count = bytes.count
            if isShort, count > 1 { count /= 2 }
            let size = state.files[number]?.bytes.count ?? 0
            if state.isCopyOnWrite, state.capacity < Int.max {
                count = min(count, state.capacity - state.usedUnderNames - state.rewritten)
                if count <= 0 { throw self.fail(.write, .noSpace) }
                state.rewritten += count
            } else if offset + count > size, state.capacity < Int.max {
                let room = state.capacity - state.used
                count = min(count, max(0, size + room - offset))
                if count <= 0 { throw self.fail(.write, .noSpace) }
            }
            self.disk.note(state, before: "write " + subject)
            if self.disk.isRecording { self.noteTorn(number, bytes, at: offset, state, subject) }
            state.files[number]?.write(
                UnsafeRawBufferPointer(rebasing: bytes[..<count]), at: offset, &state.order)
            return count
        }
    }

    /// A process that is killed inside a write leaves a part of it.
    private func noteTorn(
        _ number: Int, _ bytes: UnsafeRawBufferPointer, at offset: Int, _ state: DiskState,
        _ subject: String
    ) {
        let sector = SimulatedFile.sectorSize
        var edge = (offset / sector + 1) * sector
        while edge < offset + bytes.count {
            var torn = state
            torn.files[number]?.write(
                UnsafeRawBufferPointer(rebasing: bytes[..<(edge - offset)]), at: offset, &torn.order
            )
            disk.note(torn, before: "the rest of write " + subject, isTorn: true)
            edge += sector
        }
    }

    package func truncate(_ file: FileDescriptor, to size: Int) throws(SystemError) {
        try perform(.truncate, describe(file)) { state, _ throws(SystemError) in
            let number = try self.writable(file, .truncate, state)
            self.disk.note(
                state, before: "truncate " + self.describe(file) + " to " + String(size))
            let growth = size - (state.files[number]?.bytes.count ?? 0)
            if growth > 0, state.capacity < Int.max, state.used + growth > state.capacity {
                throw self.fail(.truncate, .noSpace)
            }
            state.files[number]?.resize(to: size, &state.order)
        }
    }

    /// The number of a file that may be changed through a descriptor.
    private func writable(
        _ file: FileDescriptor, _ call: SimulatedCall, _ state: DiskState
    ) throws(SystemError) -> Int {
        let description = try description(file, call)
        guard description.isWritable else { throw fail(call, .badDescriptor) }
        let entries = state.directories[description.directory]?.entries ?? [:]
        if entries["journal"] == description.number {
            requireLock(in: description.directory, call.rawValue + " of journal", state)
        }
        if entries["lock"] == description.number { disk.violate(call.rawValue + " of lock") }
        return description.number
    }

    package func flush(_ file: FileDescriptor) throws(SystemError) {
        var isFailing = false
        do {
            try perform(.flush, describe(file)) { state, _ throws(SystemError) in
                let number = try self.description(file, .flush).number
                self.disk.note(state, before: "flush " + self.describe(file))
                guard let failures = state.files[number]?.failures else { return }
                if failures > self.disk.descriptions[file.rawValue]?.failures ?? 0 {
                    self.disk.descriptions[file.rawValue]?.failures = failures
                    state.files[number]?.report()
                    isFailing = true
                    throw self.fail(.flush, .inputOutput)
                }
                state.files[number]?.flush()
            }
        } catch {
            if !isFailing, error.errno != .processIsGone, error.errno != .badDescriptor {
                loseWriteback(file)
            }
            throw error
        }
    }

    /// A flush that fails has lost what it was to bring to the disk.
    private func loseWriteback(_ file: FileDescriptor) {
        disk.withState { state in
            guard let number = disk.descriptions[file.rawValue]?.number else { return }
            state.files[number]?.failWriteback()
            state.files[number]?.report()
            disk.descriptions[file.rawValue]?.failures = state.files[number]?.failures ?? 0
        }
    }
}
