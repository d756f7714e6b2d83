// SPDX-License-Identifier: Apache-2.0

/// A value under its key, as it was at one moment.
public struct KeyValue: Hashable, Sendable {
    /// 1 to 255 bytes of printable ASCII, in parts divided by `/`.
    public let key: String
    /// The value as JSON without white space, in UTF-8.
    public let json: [UInt8]
    /// The same, as a string.
    public var text: String { String(decoding: json, as: UTF8.self) }
    /// The number of the transaction that wrote the value. It is never given
    /// twice and only grows, over deletions too.
    public let version: UInt64

    package init(key: String, json: [UInt8], version: UInt64) {
        self.key = key
        self.json = json
        self.version = version
    }
}
