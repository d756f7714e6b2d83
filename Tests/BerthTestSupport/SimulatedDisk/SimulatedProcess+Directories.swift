// SPDX-License-Identifier: Apache-2.0

package import BerthStore

extension SimulatedProcess {
    package func openDirectory(_ path: String) throws(SystemError) -> FileDescriptor {
        try perform(.openDirectory, path) { state, _ throws(SystemError) in
            guard let number = state.directory(at: path) else {
                let isFile = state.number(at: path) != nil
                throw self.fail(.openDirectory, isFile ? .notDirectory : .noEntry)
            }
            return self.add(number, path, isWritable: false)
        }
    }

    package func openDirectory(
        _ name: String, in directory: FileDescriptor
    ) throws(SystemError) -> FileDescriptor {
        try perform(.openDirectory, name) { state, _ throws(SystemError) in
            let parent = try self.description(directory, .openDirectory).number
            if name == "." { return self.add(parent, name, isWritable: false) }
            guard let number = state.directories[parent]?.entries[name] else {
                throw self.fail(.openDirectory, .noEntry)
            }
            guard state.directories[number] != nil else {
                throw self.fail(.openDirectory, .notDirectory)
            }
            return self.add(number, name, isWritable: false)
        }
    }

    package func makeDirectory(_ path: String) throws(SystemError) {
        try perform(.makeDirectory, path) { state, _ throws(SystemError) in
            guard let slash = path.lastIndex(of: "/"),
                let parent = state.directory(at: String(path[..<slash]))
            else { throw self.fail(.makeDirectory, .noEntry) }
            try self.makeDirectory(String(path[path.index(after: slash)...]), in: parent, &state)
        }
    }

    package func makeDirectory(
        _ name: String, in directory: FileDescriptor
    ) throws(SystemError) {
        try perform(.makeDirectory, name) { state, _ throws(SystemError) in
            let parent = try self.description(directory, .makeDirectory).number
            try self.makeDirectory(name, in: parent, &state)
        }
    }

    private func makeDirectory(
        _ name: String, in parent: Int, _ state: inout DiskState
    ) throws(SystemError) {
        guard state.directories[parent]?.entries[name] == nil else {
            throw fail(.makeDirectory, .exists)
        }
        disk.note(state, before: "makeDirectory " + name)
        let number = state.makeNumber()
        state.directories[number] = SimulatedDirectory()
        state.directories[parent]?.change(.add(name, number), &state.order)
    }

    package func entries(of directory: FileDescriptor) throws(SystemError) -> [String] {
        try perform(.entries, describe(directory)) { state, _ throws(SystemError) in
            let number = try self.description(directory, .entries).number
            return state.directories[number]?.entries.keys.sorted() ?? []
        }
    }

    package func flushDirectory(_ directory: FileDescriptor) throws(SystemError) {
        try perform(.flushDirectory, describe(directory)) { state, _ throws(SystemError) in
            let number = try self.description(directory, .flushDirectory).number
            self.disk.note(state, before: "flushDirectory " + self.describe(directory))
            state.directories[number]?.flush()
        }
    }

    package func rename(
        _ name: String, to newName: String, in directory: FileDescriptor
    ) throws(SystemError) {
        try perform(.rename, name + " to " + newName) { state, _ throws(SystemError) in
            let parent = try self.description(directory, .rename).number
            guard let number = state.directories[parent]?.entries[name] else {
                throw self.fail(.rename, .noEntry)
            }
            if name == "lock" || newName == "lock" { self.disk.violate("rename of lock") }
            if name == "journal" || newName == "journal" {
                self.requireLock(in: parent, "rename to " + newName, state)
            }
            self.disk.note(state, before: "rename " + name + " to " + newName)
            state.directories[parent]?.change(.rename(name, newName, number), &state.order)
        }
    }

    package func unlink(
        _ name: String, in directory: FileDescriptor
    ) throws(SystemError) {
        try perform(.unlink, name) { state, _ throws(SystemError) in
            let parent = try self.description(directory, .unlink).number
            guard let number = state.directories[parent]?.entries[name] else {
                throw self.fail(.unlink, .noEntry)
            }
            guard state.directories[number] == nil else {
                throw self.fail(.unlink, .isDirectory)
            }
            if name == "lock" || name == "journal" { self.disk.violate("unlink of " + name) }
            self.disk.note(state, before: "unlink " + name)
            state.directories[parent]?.change(.remove(name), &state.order)
        }
    }
}
