// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The watch of one who sleeps in a store over its place: nothing in the store
/// would wake him once it was moved or removed.
///
/// It is put up as well as the system has room for it: without, a removal is
/// noticed by whatever wakes him next.
package final class PlaceWatch: Sendable {
    /// Can be read when that has happened, or may have.
    let file: FileDescriptor

    /// How long one sleeps before he watches: to end a watch may take the system
    /// some milliseconds, which whoever is woken soon is spared.
    static var patience: Duration { .milliseconds(500) }

    /// Watches a store's directory, and a file in it that the caller has put
    /// there: the removal of a directory that is open is not told.
    init(of store: String, _ own: String) throws(SystemError) {
        file = try FileCalls.watchPlace(store, with: own)
    }

    deinit {
        FileCalls.close(file)
    }
}
