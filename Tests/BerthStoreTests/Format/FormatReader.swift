// SPDX-License-Identifier: Apache-2.0

import BerthStore
import Foundation

/// Reads a store by the article StoreFormat alone: with Foundation's JSON and
/// none of the engine but its hash, whose vectors have a test of their own.
///
/// Every claim of the article that a reader rests on is checked on the way.
struct FormatReader {
    struct Violation: Error, CustomStringConvertible {
        let description: String
    }

    struct Record: Hashable {
        let value: Data
        let version: UInt64
    }

    private(set) var records: [String: Record] = [:]
    private(set) var transactions = 0
    private(set) var runs = 0
    private var key = SipHash(k0: 0, k1: 0)

    init(_ path: String) throws {
        let journal = try Self.file(path + "/journal")
        let lines = try Self.lines(journal)
        let header = try Self.object(lines[0].bytes)
        let salt = try Self.text(header, "salt")
        key = SipHash(
            k0: try Self.hexadecimal(String(salt.prefix(16))),
            k1: try Self.hexadecimal(String(salt.suffix(16))))
        try require(header["t"] as? String == "gen", "the first line is the header")
        try require(header["v"] as? Int == 1, "the format is version 1")
        try checkHint(path, header, try verifiedHash(lines[0].bytes))
        for case let entry as [String: Any] in header["runs"] as? [Any] ?? [] {
            try readRun(path, entry)
        }
        try readTransactions(lines, header)
    }

    private func require(_ condition: Bool, _ rule: String) throws {
        if !condition { throw Violation(description: "broken: " + rule) }
    }

    // MARK: The journal

    private mutating func readTransactions(
        _ lines: [(start: Int, bytes: Data)], _ header: [String: Any]
    ) throws {
        var previous = try verifiedHash(lines[0].bytes)
        var number = try Self.number(header, "n")
        for line in lines.dropFirst() {
            let fields = try Self.object(line.bytes)
            let hash = try verifiedHash(line.bytes)
            try require(try Self.hexadecimal(Self.text(fields, "p")) == previous, "p is a chain")
            try require(
                try Self.number(fields, "g") == Self.number(header, "g"), "one g in a file")
            try require(try Self.number(fields, "d") <= line.start, "d lies before the line")
            try require(fields["t"] as? String == "tx", "transactions follow the header")
            number += 1
            try require(try Self.number(fields, "n") == number, "n counts transactions")
            for (key, value) in fields["set"] as? [String: Any] ?? [:] {
                records[key] = Record(value: try Self.canonical(value), version: UInt64(number))
            }
            for key in fields["del"] as? [String] ?? [] { records[key] = nil }
            previous = hash
            transactions += 1
        }
    }

    private func checkHint(_ path: String, _ header: [String: Any], _ hash: UInt64) throws {
        let hint = try Self.file(path + "/hint")
        try require(hint.count == 192 && hint.last == 10, "the hint is a line of 192 bytes")
        let fields = try Self.object(hint.dropLast())
        _ = try verifiedHash(hint.dropLast())
        try require(try Self.number(fields, "g") == Self.number(header, "g"), "the hint's g")
        try require(try Self.hexadecimal(Self.text(fields, "head")) == hash, "the hint's head")
    }

    // MARK: Runs

    private mutating func readRun(_ path: String, _ entry: [String: Any]) throws {
        runs += 1
        let name = "/run-" + String(try Self.number(entry, "run")) + ".jsonl"
        let file = try Self.file(path + name)
        let fences = try Self.number(entry, "fences")
        try require(file.count == (try Self.number(entry, "bytes")), "bytes is the file's size")
        let block = file[fences...]
        let blockHash = Array(block).withUnsafeBytes { key.hash($0) }
        try require(
            try Self.hexadecimal(Self.text(entry, "fences_hash")) == blockHash, "fences_hash")
        var keys: [(offset: Int, key: String)] = []
        for line in try Self.lines(file) {
            let fields = try Self.object(line.bytes)
            _ = try verifiedHash(line.bytes)
            try require(try Self.number(fields, "o") == line.start, "o is the line's offset")
            if line.start >= fences {
                let target = (try Self.number(fields, "at"), try Self.text(fields, "f"))
                try require(keys.contains { $0 == target }, "a fence leads to its record")
                continue
            }
            let text = try Self.text(fields, "k")
            try require(keys.last.map { $0.key < text } ?? true, "records are in order")
            keys.append((line.start, text))
            records[text] = try fields["v"].map {
                Record(
                    value: try Self.canonical($0), version: UInt64(try Self.number(fields, "n")))
            }
        }
        try require(keys.count == (try Self.number(entry, "records")), "records counts them")
        try require(keys.first?.key == (try Self.text(entry, "first")), "first is the first key")
        try require(keys.last?.key == (try Self.text(entry, "last")), "last is the last key")
    }

    // MARK: Lines

    private func verifiedHash(_ line: Data) throws -> UInt64 {
        let bytes = Array(line)
        try require(
            bytes.count > 23 && bytes[..<6].elementsEqual("{\"h\":\"".utf8)
                && bytes[22] == UInt8(ascii: "\""), "a line begins with its hash")
        let hash = bytes[23...].withUnsafeBytes { key.hash($0) }
        let stated = String(decoding: bytes[6..<22], as: UTF8.self)
        try require(try Self.hexadecimal(stated) == hash, "h is the hash of what follows it")
        return hash
    }

    /// The lines of a file up to the first that is empty, and where each starts.
    private static func lines(_ file: Data) throws -> [(start: Int, bytes: Data)] {
        var lines: [(start: Int, bytes: Data)] = []
        var start = file.startIndex
        while start < file.endIndex, file[start] != 10 {
            guard let newline = file[start...].firstIndex(of: 10) else {
                throw Violation(description: "broken: every line ends")
            }
            lines.append((start - file.startIndex, file[start..<newline]))
            start = newline + 1
        }
        return lines
    }

    private static func file(_ path: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: path))
    }

    private static func object(_ line: Data) throws -> [String: Any] {
        guard let object = try JSONSerialization.jsonObject(with: line) as? [String: Any] else {
            throw Violation(description: "broken: a line is an object")
        }
        return object
    }

    static func canonical(_ value: Any) throws -> Data {
        try JSONSerialization.data(
            withJSONObject: value, options: [.sortedKeys, .fragmentsAllowed])
    }

    private static func text(_ fields: [String: Any], _ name: String) throws -> String {
        guard let text = fields[name] as? String else {
            throw Violation(description: "broken: " + name + " is a string")
        }
        return text
    }

    private static func number(_ fields: [String: Any], _ name: String) throws -> Int {
        guard let number = fields[name] as? Int else {
            throw Violation(description: "broken: " + name + " is a number")
        }
        return number
    }

    private static func hexadecimal(_ text: String) throws -> UInt64 {
        guard text.utf8.count == 16, let number = UInt64(text, radix: 16) else {
            throw Violation(description: "broken: 16 hexadecimal digits")
        }
        return number
    }
}
