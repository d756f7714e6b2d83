// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

@testable import BerthStore

/// A small store on a real disk, with several runs and a journal, and what it holds.
struct StoreOnDisk {
    let place: TemporaryStore
    private(set) var records: [Record] = []

    var store: Store { Store(at: place.path, options: Self.options, environment: Self.environment) }

    private static var options: StoreOptions {
        var options = StoreOptions()
        options.durability = .process
        return options
    }

    private static var environment: StoreEnvironment {
        var environment = StoreEnvironment.live
        environment.limits = .small
        environment.limits.fanIn = 100
        environment.engines = EngineRegistry()
        return environment
    }

    /// Changes and deletes until there are three runs, and lines in the journal.
    init() throws {
        place = try TemporaryStore()
        let store = store
        for index in 0... {
            try store.write("fill") { transaction in
                let key = RecordKey("key/" + String(index % 60))
                try transaction.set(key, Array("{\"count\":\(index)}".utf8))
                transaction.delete(RecordKey("key/" + String((index + 7) % 90)))
            }
            let facts = try store.facts()
            if facts.runs.count == 3, facts.journalBytes > 2500 { break }
        }
        records = try store.allRecords()
    }

    func path(_ name: String) -> String { place.path + "/" + name }

    /// Where a copy may be made.
    var copy: String { place.directory + "/copy" }

    func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path(name))))
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        // In place: a file of a store has one inode.
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path(name)))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data(bytes))
        try file.close()
    }

    /// Makes a file that no store has.
    func add(_ name: String) throws {
        try Data("x".utf8).write(to: URL(fileURLWithPath: path(name)))
    }

    func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path)
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: path(name))
    }

    /// Every file's bytes: to see that nothing was changed.
    func contents() throws -> [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        let names = try FileManager.default.subpathsOfDirectory(atPath: place.path)
        for name in names {
            contents[name] = (try? bytes(name)) ?? []
        }
        return contents
    }

    /// A copy at a path, opened anew.
    func opened(_ path: String) -> Store {
        Store(at: path, options: Self.options, environment: Self.environment)
    }
}

extension [UInt8] {
    /// The offsets at which lines begin.
    var lineStarts: [Int] {
        var starts: [Int] = isEmpty ? [] : [0]
        for index in indices.dropLast() where self[index] == UInt8(ascii: "\n") {
            if self[index + 1] != UInt8(ascii: "\n") { starts.append(index + 1) }
        }
        return starts
    }
}
