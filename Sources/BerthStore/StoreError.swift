// SPDX-License-Identifier: Apache-2.0

/// Why the store, or a file beside it, could not do what was asked.
package struct StoreError: Error, Hashable, Sendable {
    package enum Code: Hashable, Sendable {
        // Opening
        /// There is no store, and none may be made now.
        case notFound
        /// The store or its directory cannot be made.
        case cannotCreate
        /// The place is one where locks or files cannot be trusted.
        case unsafeLocation
        /// A newer Berth has written the store.
        case newerVersion
        // Using
        /// Another holds what was asked for, and the caller would not wait.
        case busy
        /// Another held what was asked for until the caller's time ran out.
        case timedOut
        /// The caller gave up waiting.
        case cancelled
        /// What is in the store is not what was written there.
        case damaged
        /// The store is not where it was when it was opened.
        case moved
        /// The caller may not.
        case permission
        /// A name, a size or a number is outside what Berth accepts.
        case invalid
        // The machine
        /// The disk, a quota or a limit of the process leaves no room.
        case noRoom
        /// No descriptors, memory, locks or processes are left.
        case exhausted
        /// Reading or writing failed.
        case inputOutput
        /// The change may or may not be there after a power loss.
        case indeterminate
    }

    package let code: Code
    /// What happened, to what, and what to do next, in one line.
    package let message: String
    package let cause: SystemError?

    package init(_ code: Code, _ message: String, cause: SystemError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The error for a failed system call: its code follows from the error number.
    package static func system(_ action: String, _ error: SystemError) -> StoreError {
        let errno = error.errno
        let code: Code
        let advice: String
        if errno.isNoRoom {
            (code, advice) = (.noRoom, "; make room and try again")
        } else if errno.isExhaustion {
            (code, advice) = (.exhausted, "; raise the limit or close something")
        } else if errno.isPermission || errno == .readOnlyFileSystem {
            (code, advice) = (.permission, "")
        } else {
            (code, advice) = (.inputOutput, "")
        }
        return StoreError(code, action + ": " + errno.description + advice, cause: error)
    }
}

extension StoreError: CustomStringConvertible {
    package var description: String { message }
}

extension StoreError {
    /// A change was written, and then something failed.
    static func indeterminate(_ error: StoreError) -> StoreError {
        StoreError(
            .indeterminate,
            "the change was written but may not survive a power loss (" + error.message
                + "); look whether it is there before trying again", cause: error.cause)
    }

    /// A file of the store is not what was written there.
    static func damaged(
        _ storePath: String, _ file: String, at offset: Int? = nil, _ reason: String
    ) -> StoreError {
        let place = offset.map { ", byte " + String($0) } ?? ""
        return StoreError(
            .damaged,
            "the store " + storePath + " is damaged (" + file + place + ": " + reason
                + "); nothing was changed: keep a copy of it, then restore a backup")
    }
}
