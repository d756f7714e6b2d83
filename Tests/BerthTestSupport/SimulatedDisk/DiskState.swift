// SPDX-License-Identifier: Apache-2.0

/// All of a simulated disk at one moment. A copy is another world.
package struct DiskState: Sendable {
    var files: [Int: SimulatedFile] = [:]
    var directories: [Int: SimulatedDirectory] = [:]
    /// The place that the next change gets among all.
    var order = 0
    private var nextNumber = 2
    /// How many bytes of files it holds at most.
    package var capacity = Int.max
    /// Whether bytes that are changed go to another place.
    package var isCopyOnWrite = false
    /// How much was written so, and is not free yet.
    package var rewritten = 0
    /// Directories whose files nothing rests on: crashes are not tried on
    /// them, and they do not tell one state from another.
    package var bystanders: Set<String> = []

    static var root: Int { 1 }

    package init() {
        let parent = makeNumber()
        directories[Self.root] = SimulatedDirectory(durable: ["var": parent])
        directories[parent] = SimulatedDirectory()
    }

    mutating func makeNumber() -> Int {
        nextNumber += 1
        return nextNumber
    }

    /// How many bytes its files hold.
    package var used: Int { files.values.reduce(0) { $0 + $1.bytes.count } }

    /// How many bytes the files hold that have a name.
    package var usedUnderNames: Int {
        Set(directories.values.flatMap(\.entries.values)).reduce(0) {
            $0 + (files[$1]?.bytes.count ?? 0)
        }
    }

    // MARK: Names

    /// Whether a name stands for something.
    package func contains(_ path: String) -> Bool {
        guard let slash = path.lastIndex(of: "/"),
            let parent = directory(at: String(path[..<slash]))
        else { return false }
        return directories[parent]?.entries[String(path[path.index(after: slash)...])] != nil
    }

    func directory(at path: String) -> Int? {
        var directory = Self.root
        for part in path.split(separator: "/") {
            guard let next = directories[directory]?.entries[String(part)],
                directories[next] != nil
            else { return nil }
            directory = next
        }
        return directory
    }

    /// The number of the file or directory at a path.
    package func number(at path: String) -> Int? {
        guard let slash = path.lastIndex(of: "/") else { return nil }
        let parent = directory(at: String(path[..<slash]))
        return parent.flatMap {
            directories[$0]?.entries[String(path[path.index(after: slash)...])]
        }
    }

    /// What processes see in a file.
    package func bytes(at path: String) -> [UInt8]? {
        number(at: path).flatMap { files[$0]?.bytes }
    }

    /// The names that processes see in a directory.
    package func names(in path: String) -> [String] {
        directory(at: path).flatMap { directories[$0]?.entries.keys.sorted() } ?? []
    }

    /// Replaces, or makes, a file, wholly on the disk.
    package mutating func plant(
        _ bytes: [UInt8], at path: String,
        _ attributes: SimulatedFile.Attributes = SimulatedFile.Attributes()
    ) {
        guard let slash = path.lastIndex(of: "/"),
            let parent = directory(at: String(path[..<slash]))
        else { preconditionFailure("no directory for " + path) }
        let name = String(path[path.index(after: slash)...])
        let number = directories[parent]?.entries[name] ?? makeNumber()
        files[number] = SimulatedFile(durable: bytes, attributes)
        directories[parent]?.change(.add(name, number), &order)
        directories[parent]?.flush()
    }

    /// Takes a name away, wholly on the disk.
    package mutating func remove(_ path: String) {
        guard let slash = path.lastIndex(of: "/"),
            let parent = directory(at: String(path[..<slash]))
        else { return }
        directories[parent]?.change(.remove(String(path[path.index(after: slash)...])), &order)
        directories[parent]?.flush()
    }

    // MARK: Crashes

    /// All that was ever written has reached the disk.
    package mutating func sync() {
        for number in files.keys { files[number]?.flush() }
        for number in directories.keys { directories[number]?.flush() }
    }

    /// What is found after a power cut, if of what was pending only some arrived.
    func afterPowerCut(keeping isKept: (Int) -> Bool) -> DiskState {
        var state = self
        state.files = [:]
        state.directories = [:]
        var next = [Self.root]
        while let number = next.popLast() {
            if let directory = directories[number] {
                let entries = directory.image { isKept($0.order) }
                state.directories[number] = SimulatedDirectory(durable: entries)
                next += entries.values
            } else if let file = files[number], state.files[number] == nil {
                state.files[number] =
                    file.pending.isEmpty && file.failures == 0
                    ? file
                    : SimulatedFile(durable: file.image { isKept($0.order) }, file.attributes)
            }
        }
        return state
    }

    /// What processes see, as a number: equal for equal trees of names and bytes.
    package var digest: Int {
        var hasher = Hasher()
        digest(Self.root, into: &hasher)
        return hasher.finalize()
    }

    private func digest(_ number: Int, into hasher: inout Hasher) {
        if let directory = directories[number] {
            let entries = directory.entries.sorted { $0.key < $1.key }
            hasher.combine(entries.count)
            for entry in entries {
                hasher.combine(entry.key)
                if bystanders.contains(entry.key) { continue }
                digest(entry.value, into: &hasher)
            }
        } else if let file = files[number] {
            hasher.combine(file.bytes.count)
            file.bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        }
    }
}
