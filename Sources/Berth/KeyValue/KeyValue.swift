// SPDX-License-Identifier: Apache-2.0

/// A value under its key, as it was at one moment.
public struct KeyValue: Hashable, Sendable {
    /// 1 to 255 bytes of printable ASCII, in parts divided by `/`.
    public let key: String
    /// The value as JSON without white space, in UTF-8.
    public let json: [UInt8]
    /// The number of the transaction that wrote the value. It is never given
    /// twice and only grows, over deletions too.
    public let version: UInt64

    package init(key: String, json: [UInt8], version: UInt64) {
        self.key = key
        self.json = json
        self.version = version
    }
}

/// What has to be so for a value to be written.
public struct KeyCondition: Hashable, Sendable {
    enum Kind: Hashable {
        case always
        case absent
        case version(UInt64)
    }

    let kind: Kind

    /// Nothing.
    public static var always: KeyCondition { KeyCondition(kind: .always) }
    /// There is no value under the key.
    public static var absent: KeyCondition { KeyCondition(kind: .absent) }

    /// The value under the key is still the one of a version.
    public static func version(_ version: UInt64) -> KeyCondition {
        KeyCondition(kind: .version(version))
    }

    /// Refuses the change of a key that is at a version, or absent.
    ///
    /// - Throws: `unavailable` where the condition does not hold.
    func check(_ key: String, at current: UInt64?) throws(CoordinatorError) {
        switch (kind, current) {
        case (.always, _), (.absent, nil):
            return
        case (.absent, let current?):
            throw CoordinatorError(
                .unavailable, key + " has a value already, of version " + String(current))
        case (.version(let expected), let current):
            if current == expected { return }
            let found = current.map { "is at version " + String($0) } ?? "has no value"
            throw CoordinatorError(
                .unavailable, key + " " + found + ", not at version " + String(expected))
        }
    }
}
