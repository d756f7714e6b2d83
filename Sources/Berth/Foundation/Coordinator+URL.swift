// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

// What needs Foundation stands apart in this folder: a command that coordinates
// with locks alone starts without it.

extension Coordinator {
    /// Opens the store in a directory.
    ///
    /// - Parameters:
    ///   - url: A `file:` URL of the store's directory.
    ///   - durability: How changes are made durable, where the first change
    ///     makes the store. A store that exists keeps its own.
    ///   - timeout: How long a change waits for others' changes; nil for ever.
    ///   - onEvent: Hears of what happens, for logs.
    /// - Returns: The coordinator of the store.
    /// - Throws: ``CoordinatorError`` with `invalid` where the URL is not one
    ///   of a file.
    public static func open(
        at url: URL, durability: Durability = .full, timeout: Duration? = .seconds(5),
        onEvent: EventHandler? = nil
    ) throws(CoordinatorError) -> Coordinator {
        guard url.isFileURL else {
            throw CoordinatorError(.invalid, "the store's URL is not one of a file")
        }
        return try open(at: url.path, durability: durability, timeout: timeout, onEvent: onEvent)
    }
}
