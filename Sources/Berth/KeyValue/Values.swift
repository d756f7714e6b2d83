// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The values of a store, each JSON under a key: small facts that programs share.
public struct Values: Sendable {
    let coordinator: Coordinator
    /// The id of what is changed through this.
    var operation: OperationID?

    /// These values, to change one of them at most once under an id: see
    /// ``OperationID``.
    public func once(_ id: OperationID) -> Values {
        Values(coordinator: coordinator, operation: id)
    }

    /// The value under a key; nil where there is none. Blocks the current
    /// thread, but never waits for a change.
    ///
    /// - Throws: ``CoordinatorError`` with `invalid` where the key is not valid.
    public func value(forKey key: String) throws -> KeyValue? {
        let record = try KeyRule.record(key)
        return try coordinator.read { view in try view.record(record).map { KeyValue($0) } }
    }

    /// The value under a key; nil where there is none.
    public func value(forKey key: String) async throws -> KeyValue? {
        try await coordinator.onThread { try self.value(forKey: key) }
    }

    /// Puts a value under a key. Blocks the current thread.
    ///
    /// - Parameters:
    ///   - json: JSON of at most 64 KiB in UTF-8.
    ///   - key: 1 to 255 bytes of printable ASCII.
    ///   - condition: What has to be so; it is checked and the value written in
    ///     one step.
    /// - Returns: The version of the value.
    /// - Throws: ``CoordinatorError`` with `invalid` where the key or the
    ///   value is not valid, and with `unavailable` where the condition does
    ///   not hold.
    @discardableResult
    public func set(
        _ json: some Collection<UInt8>, forKey key: String, if condition: KeyCondition = .always
    ) throws -> UInt64 {
        let record = try KeyRule.record(key)
        let value = try ValueRule.compact(json, forKey: key)
        return try coordinator.write(
            "kv.set", once: operation, of: Array(key.utf8) + [0] + value, .version
        ) { transaction in
            try transaction.put(value, in: record, if: condition)
        }
    }

    /// Puts a value under a key, as the synchronous twin does.
    @discardableResult
    public func set(
        _ json: some Collection<UInt8>, forKey key: String, if condition: KeyCondition = .always
    ) async throws -> UInt64 {
        let value = Array(json)
        return try await coordinator.onThread {
            try self.set(value, forKey: key, if: condition)
        }
    }

    /// Removes the value under a key. Blocks the current thread.
    ///
    /// - Returns: The version of the value that is removed.
    /// - Throws: ``CoordinatorError`` with `notFound` where there is none,
    ///   with `unavailable` where the condition does not hold, and with
    ///   `invalid` where the key is not valid.
    @discardableResult
    public func delete(
        _ key: String, if condition: KeyCondition = .always
    ) throws -> UInt64 {
        let record = try KeyRule.record(key)
        return try coordinator.write(
            "kv.delete", once: operation, of: Array(key.utf8), isEssential: true,
            makesStore: false, .version
        ) { transaction in
            try transaction.remove(record, if: condition)
        }
    }

    /// Removes the value under a key, as the synchronous twin does.
    @discardableResult
    public func delete(
        _ key: String, if condition: KeyCondition = .always
    ) async throws -> UInt64 {
        try await coordinator.onThread { try self.delete(key, if: condition) }
    }

    /// The values whose keys begin with a text, in the order of their keys and
    /// as they were at one moment. Blocks the current thread.
    ///
    /// - Throws: ``CoordinatorError`` with `invalid` where the text begins no key.
    /// - Complexity: O(n) in the number of the values.
    public func list(prefix: String = "") throws -> [KeyValue] {
        try ValueRule.check(prefix: prefix)
        return try coordinator.read { view in
            var values: [KeyValue] = []
            try view.forEach(prefix: KeyRule.prefix + prefix) { record in
                values.append(KeyValue(record))
                return true
            }
            return values
        }
    }

    /// The values whose keys begin with a text, as the synchronous twin tells them.
    public func list(prefix: String = "") async throws -> [KeyValue] {
        try await coordinator.onThread { try self.list(prefix: prefix) }
    }
}

extension Coordinator {
    /// The values of the store.
    public var values: Values { Values(coordinator: self) }
}
