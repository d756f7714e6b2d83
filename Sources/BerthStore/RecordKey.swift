// SPDX-License-Identifier: Apache-2.0

/// The key of a record: a path of printable ASCII, such as `ports/item/05000`.
///
/// Keys are compared and ordered by their bytes.
package struct RecordKey: Hashable, Sendable {
    /// The longest key, in bytes.
    package static let maximumLength = 512

    package let text: String

    /// A key that the program itself spells, known to be valid.
    package init(_ text: String) {
        precondition(Self.isValid(text), "a record's key is 1 to 512 bytes of printable ASCII")
        self.text = text
    }

    /// A key made of what a user gave; nil where it is not valid.
    package init?(validating text: String) {
        guard Self.isValid(text) else { return nil }
        self.text = text
    }

    /// Whether a text is 1 to ``maximumLength`` bytes of `!` to `~` without `"` and `\`.
    private static func isValid(_ text: String) -> Bool {
        let count = text.utf8.count
        return count > 0 && count <= maximumLength && text.isPrintableKey
    }
}

extension String {
    /// Whether it has nothing but `!` to `~` without `"` and `\`.
    package var isPrintableKey: Bool {
        func isPrintable(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
            bytes.endOfPlainText(at: 0, from: 0x21) == bytes.count
        }
        if let result = utf8.withContiguousStorageIfAvailable(isPrintable) { return result }
        return Array(utf8).withUnsafeBufferPointer(isPrintable)
    }
}

extension RecordKey: Comparable {
    package static func < (left: RecordKey, right: RecordKey) -> Bool {
        // Of ASCII, texts stand in the order of their bytes.
        left.text < right.text
    }
}

/// A record as a transaction or a snapshot sees it.
package struct Record: Hashable, Sendable {
    package let key: RecordKey
    /// JSON, verbatim.
    package let value: [UInt8]
    /// The number of the transaction that wrote it; it only grows.
    package let version: UInt64

    package init(key: RecordKey, value: [UInt8], version: UInt64) {
        self.key = key
        self.value = value
        self.version = version
    }
}
