// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Which keys a user may give, and the records behind them.
package enum KeyRule {
    /// The longest key, in bytes.
    static var maximumLength: Int { 255 }

    /// Where the records of all keys are.
    static var prefix: String { "kv/" }

    /// The record of a key.
    ///
    /// - Throws: `invalid`, with the rule that the key breaks.
    static func record(_ key: String) throws(CoordinatorError) -> RecordKey {
        if let problem = problem(with: key) {
            throw CoordinatorError(.invalid, "the key '" + key + "' " + problem)
        }
        return RecordKey(prefix + key)
    }

    /// The key of a record.
    static func key(of record: RecordKey) -> String {
        String(record.text.dropFirst(prefix.utf8.count))
    }

    /// The lock that an update of a key holds: `kv:` and the key, where that is
    /// a lock's name; else what is readable of it, and a hash of all of it.
    ///
    /// - Throws: `invalid`, with the rule that the key breaks.
    package static func lock(_ key: String) throws(CoordinatorError) -> LockName {
        _ = try record(key)
        var name = Array("kv:".utf8)
        if key.utf8.count <= 200 && !key.utf8.contains(where: { $0 == slash || $0 == colon }) {
            name += key.utf8
        } else {
            for byte in key.utf8.prefix(200) { name.append(byte == slash ? colon : byte) }
            name.append(colon)
            let bytes = Array(key.utf8)
            name.append(
                hexadecimal: bytes.withUnsafeBytes { SipHash(k0: 0, k1: 0).hash($0) })
        }
        return try LockName(String(decoding: name, as: UTF8.self))
    }

    private static var slash: UInt8 { UInt8(ascii: "/") }
    private static var colon: UInt8 { UInt8(ascii: ":") }
    private static var dot: UInt8 { UInt8(ascii: ".") }

    /// What is wrong with a key; nil where nothing is.
    static func problem(with key: String) -> String? {
        let count = key.utf8.count
        if count == 0 { return "is empty" }
        if count > maximumLength { return "is longer than 255 bytes" }
        if let problem = characterProblem(in: key) { return problem }
        // It is ASCII now, and so in one piece.
        let result = key.utf8.withContiguousStorageIfAvailable(problem(withPartsOf:))
        return result ?? Array(key.utf8).withUnsafeBufferPointer(problem(withPartsOf:))
    }

    private static func problem(withPartsOf bytes: UnsafeBufferPointer<UInt8>) -> String? {
        // How long the part is so far, and how many dots are in it.
        var length = 0
        var dots = 0
        for byte in bytes {
            guard byte == slash else {
                length += 1
                if byte == dot { dots += 1 }
                continue
            }
            if let problem = problem(withPartOf: length, dots: dots) { return problem }
            length = 0
            dots = 0
        }
        return problem(withPartOf: length, dots: dots)
    }

    private static func problem(withPartOf length: Int, dots: Int) -> String? {
        if length == 0 { return "begins or ends with a slash, or has two in a row" }
        return length <= 2 && dots == length ? "has . or .. as a part" : nil
    }

    /// What is wrong with the beginning of keys; nil where nothing is.
    static func problem(withPrefix prefix: String) -> String? {
        if prefix.utf8.count > maximumLength { return "is longer than 255 bytes" }
        return characterProblem(in: prefix)
    }

    private static func characterProblem(in key: String) -> String? {
        key.isPrintableKey ? nil : "may hold only printable ASCII without space, \" and \\"
    }
}
