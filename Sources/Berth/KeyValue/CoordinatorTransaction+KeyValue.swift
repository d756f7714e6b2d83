// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension CoordinatorTransaction {
    /// The value under a key; nil where there is none.
    ///
    /// - Throws: ``CoordinatorError`` with `invalid` where the key is not valid.
    public func value(forKey key: String) throws -> KeyValue? {
        let record = try base.record(try KeyRule.record(key))
        return record.map { KeyValue(key: key, json: $0.value, version: $0.version) }
    }

    /// Puts a value under a key.
    ///
    /// - Parameters:
    ///   - json: JSON of at most 64 KiB in UTF-8. White space between its
    ///     tokens is not kept.
    ///   - key: 1 to 255 bytes of printable ASCII.
    ///   - condition: What has to be so.
    /// - Returns: The version of the value.
    /// - Throws: ``CoordinatorError`` with `invalid` where the key or the
    ///   value is not valid, and with `unavailable` or `stale` where the
    ///   condition does not hold.
    @discardableResult
    public mutating func setValue(
        _ json: some Collection<UInt8>, forKey key: String, if condition: KeyCondition = .always
    ) throws -> UInt64 {
        let record = try KeyRule.record(key)
        return try put(try ValueRule.compact(json, forKey: key), in: record, if: condition)
    }

    /// Puts a value, checked already, in the record of a key.
    mutating func put(
        _ value: [UInt8], in record: RecordKey, if condition: KeyCondition
    ) throws -> UInt64 {
        if condition != .always {
            try condition.check(
                KeyRule.key(of: record), at: try base.record(record)?.version, locks)
        }
        try base.set(record, value)
        return base.version
    }

    /// Removes the value under a key.
    ///
    /// - Returns: The version of the value that is removed.
    /// - Throws: ``CoordinatorError`` with `notFound` where there is none,
    ///   with `unavailable` where the condition does not hold, and with
    ///   `invalid` where the key is not valid.
    @discardableResult
    public mutating func deleteValue(
        forKey key: String, if condition: KeyCondition = .always
    ) throws -> UInt64 {
        try remove(try KeyRule.record(key), if: condition)
    }

    /// Removes the record of a key.
    mutating func remove(_ record: RecordKey, if condition: KeyCondition) throws -> UInt64 {
        let key = KeyRule.key(of: record)
        guard let current = try base.record(record)?.version else {
            throw CoordinatorError(.notFound, "there is no value under the key " + key)
        }
        try condition.check(key, at: current, locks)
        base.delete(record)
        return current
    }

    /// The values whose keys begin with a text, in the order of their keys.
    ///
    /// - Throws: ``CoordinatorError`` with `invalid` where the text begins no key.
    /// - Complexity: O(n) in the number of the values.
    public func values(prefix: String = "") throws -> [KeyValue] {
        try ValueRule.check(prefix: prefix)
        var values: [KeyValue] = []
        try base.forEach(prefix: KeyRule.prefix + prefix) { record in
            values.append(KeyValue(record))
            return true
        }
        return values
    }
}

extension KeyValue {
    init(_ record: Record) {
        self.init(
            key: KeyRule.key(of: record.key), json: record.value, version: record.version)
    }
}
