// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension Coordinator {
    /// Something that happened to a lock, a reservation or a job, for logs and
    /// measurements.
    ///
    /// It is told after the fact and decides nothing. That it was not told,
    /// because the process died, says nothing of what happened.
    public struct Event: Hashable, Sendable {
        /// What happened, such as `lock.acquired`. New kinds may be added.
        public struct Kind: RawRepresentable, Hashable, Sendable {
            /// Its name: a noun, a full stop and a word in the past tense.
            public let rawValue: String

            /// A kind by its name.
            public init(rawValue: String) {
                self.rawValue = rawValue
            }
        }

        /// What is known of an event, under a name such as `token`.
        public struct Detail: Hashable, Sendable {
            /// One word of lower-case letters.
            public let name: String
            /// What it was.
            public let value: Value

            package init(_ name: String, _ value: Value) {
                self.name = name
                self.value = value
            }
        }

        /// The value of a detail.
        public enum Value: Hashable, Sendable {
            case text(String)
            case number(Int64)
            case duration(Duration)
        }

        /// What happened.
        public let kind: Kind
        /// When it was told, in milliseconds since 1970: for people to read.
        public let time: Int64
        /// What is known of it, in the order in which logs show it.
        public let details: [Detail]

        package init(_ kind: Kind, _ details: [Detail], at time: Int64 = Clock.wallMilliseconds) {
            self.kind = kind
            self.time = time
            self.details = details
        }

        /// The first detail of a name; nil where there is none.
        public subscript(_ name: String) -> Value? {
            details.first { $0.name == name }?.value
        }
    }

    /// Hears of events as they happen.
    ///
    /// It is called on the thread that the event happened on, before the call
    /// goes on, and never while Berth holds a lock of its own: it may be slow,
    /// at the expense of its caller alone, and may use the coordinator.
    public typealias EventHandler = @Sendable (Event) -> Void
}

extension Coordinator.Event.Detail {
    package static func text(_ name: String, _ text: String) -> Self {
        Self(name, .text(text))
    }

    package static func number(_ name: String, _ number: some BinaryInteger) -> Self {
        Self(name, .number(Int64(clamping: number)))
    }

    package static func duration(_ name: String, _ duration: Duration) -> Self {
        Self(name, .duration(duration))
    }
}
