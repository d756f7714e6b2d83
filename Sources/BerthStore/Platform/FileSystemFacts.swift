// SPDX-License-Identifier: Apache-2.0

/// What a file system is, and how much room it has.
package struct FileSystemFacts: Hashable, Sendable {
    /// Its name, such as `ext4`; a number where it is not a usual one.
    package let kind: String
    /// Whether its files are gone with the power.
    package let isVolatile: Bool
    /// The bytes that a user may still write.
    package let free: Int
    /// Whether bytes that are changed go to another place, so that a full disk
    /// has no room even for those.
    package var isCopyOnWrite: Bool { kind == "Btrfs" || kind == "ZFS" }

    init(kind: String, isVolatile: Bool, blocks: some BinaryInteger, of size: some BinaryInteger) {
        self.kind = kind
        self.isVolatile = isVolatile
        let (bytes, overflowed) = Int(clamping: blocks).multipliedReportingOverflow(
            by: Int(clamping: size))
        free = overflowed ? .max : bytes
    }
}
