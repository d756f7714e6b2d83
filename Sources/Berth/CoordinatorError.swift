// SPDX-License-Identifier: Apache-2.0

package import BerthStore

/// Why Berth could not do what was asked.
///
/// An answer that is expected is a value and never an error: a lock that
/// another holds makes `tryLock` return nil.
public struct CoordinatorError: Error, Sendable, Hashable {
    /// What kind of failure it is. New kinds may be added.
    public struct Code: Sendable, Hashable {
        enum Kind: String {
            case notFound, cannotCreate, unsafeLocation, newerVersion
            case busy, timedOut, cancelled, stale, unavailable, deadlock
            case damaged, moved, permission, invalid, configuration
            case noRoom, exhausted, inputOutput, indeterminate
        }

        let kind: Kind

        // MARK: Opening

        /// There is no such store, lock, reservation, job or key.
        public static var notFound: Code { Code(kind: .notFound) }
        /// The store cannot be made.
        public static var cannotCreate: Code { Code(kind: .cannotCreate) }
        /// The store lies where locks or files cannot be trusted.
        public static var unsafeLocation: Code { Code(kind: .unsafeLocation) }
        /// A newer version of Berth has written the store.
        public static var newerVersion: Code { Code(kind: .newerVersion) }

        // MARK: Acquiring

        /// Another holds it, and the caller would not wait.
        public static var busy: Code { Code(kind: .busy) }
        /// Another held it until the caller's time ran out.
        public static var timedOut: Code { Code(kind: .timedOut) }
        /// The wait would never end: the caller, or one that waits for it in
        /// turn, holds what it waits for.
        public static var deadlock: Code { Code(kind: .deadlock) }
        /// The waiting task was cancelled.
        public static var cancelled: Code { Code(kind: .cancelled) }
        /// The token is stale: its bearer no longer holds what it stands for.
        public static var stale: Code { Code(kind: .stale) }
        /// The answer is no: no item is free, or a condition does not hold.
        public static var unavailable: Code { Code(kind: .unavailable) }

        // MARK: Using

        /// What is in the store is not what was written there.
        public static var damaged: Code { Code(kind: .damaged) }
        /// The store is not where it was when it was opened.
        public static var moved: Code { Code(kind: .moved) }
        /// The caller may not.
        public static var permission: Code { Code(kind: .permission) }
        /// A name, a size or a number is outside what Berth accepts.
        public static var invalid: Code { Code(kind: .invalid) }
        /// A configuration file, or a variable of the environment, is wrong.
        public static var configuration: Code { Code(kind: .configuration) }

        // MARK: The machine

        /// The disk, a quota or a limit of the process leaves no room.
        public static var noRoom: Code { Code(kind: .noRoom) }
        /// No descriptors, memory, locks or processes are left.
        public static var exhausted: Code { Code(kind: .exhausted) }
        /// Reading or writing failed.
        public static var inputOutput: Code { Code(kind: .inputOutput) }
        /// The change may or may not survive a power loss.
        public static var indeterminate: Code { Code(kind: .indeterminate) }
    }

    /// What kind of failure it is, for programs.
    public let code: Code
    /// What happened, to what, and what to do next, for people. Its wording
    /// may change in any version.
    public let message: String
    /// The system call beneath, as `name: reason`, where there is one.
    public let cause: String?

    package init(_ code: Code, _ message: String, cause: SystemError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause?.description
    }

    /// The same failure, as the store's own error tells it.
    package init(_ error: StoreError) {
        self.init(Code(kind: Self.kind(of: error.code)), error.message, cause: error.cause)
    }

    /// The error for a failed system call: its code follows from the error number.
    package static func system(_ action: String, _ error: SystemError) -> CoordinatorError {
        CoordinatorError(StoreError.system(action, error))
    }

    private static func kind(of code: StoreError.Code) -> Code.Kind {
        switch code {
        case .notFound: .notFound
        case .cannotCreate: .cannotCreate
        case .unsafeLocation: .unsafeLocation
        case .newerVersion: .newerVersion
        case .busy: .busy
        case .timedOut: .timedOut
        case .cancelled: .cancelled
        case .damaged: .damaged
        case .moved: .moved
        case .permission: .permission
        case .invalid: .invalid
        case .noRoom: .noRoom
        case .exhausted: .exhausted
        case .inputOutput: .inputOutput
        case .indeterminate: .indeterminate
        }
    }
}

extension CoordinatorError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
