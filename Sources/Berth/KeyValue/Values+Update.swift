// SPDX-License-Identifier: Apache-2.0

extension Values {
    /// Lets a body compute the value under a key anew. Blocks the current thread.
    ///
    /// The key's own named lock is held meanwhile, never that of the store:
    /// updates of one key run one after the other, and nothing else waits.
    ///
    /// - Parameters:
    ///   - key: 1 to 255 bytes of printable ASCII.
    ///   - timeout: How long to wait for other updates; nil waits without an end.
    ///   - body: Is given the value, nil where there is none, and returns the
    ///     new one as JSON. Where it throws, nothing is changed.
    /// - Returns: The version of the new value.
    /// - Throws: What the body throws, and ``CoordinatorError`` with `timedOut`,
    ///   with `invalid`, or with `unavailable` where the value was changed
    ///   meanwhile by other means than an update.
    @discardableResult
    public func update(
        _ key: String, timeout: Duration? = nil,
        _ body: (KeyValue?) throws -> some Collection<UInt8>
    ) throws -> UInt64 {
        try coordinator.withLock(try KeyRule.lock(key).text, timeout: timeout) { _ in
            if let version = try updateBefore(key) { return version }
            let current = try value(forKey: key)
            return try finishUpdate(key, from: current, to: try body(current)).version
        }
    }

    /// The version that an update under the same id has made; nil where there
    /// was none. The caller holds the lock of the key.
    package func updateBefore(_ key: String) throws -> UInt64? {
        guard let operation else { return nil }
        return try coordinator.outcome(
            of: Operation(id: operation, name: Self.updateName, request: Array(key.utf8)), .version)
    }

    /// Puts the value that an update has computed under the key, and returns it.
    package func finishUpdate(
        _ key: String, from current: KeyValue?, to json: some Collection<UInt8>
    ) throws -> KeyValue {
        let record = try KeyRule.record(key)
        let value = try ValueRule.compact(json, forKey: key)
        let version = try coordinator.write(
            Self.updateName, once: operation, of: Array(key.utf8), .version
        ) { transaction in
            try transaction.put(value, in: record, if: .unchanged(current))
        }
        return KeyValue(key: key, json: value, version: version)
    }

    private static var updateName: String { "kv.update" }
}

extension KeyCondition {
    /// The value under the key is still the one that was read, or still absent.
    package static func unchanged(_ value: KeyValue?) -> KeyCondition {
        value.map { .version($0.version) } ?? .absent
    }
}
