// SPDX-License-Identifier: Apache-2.0

package import BerthStore

/// A kind of call that a simulated process makes.
package enum SimulatedCall: String, CaseIterable, Hashable, Sendable {
    case openDirectory, makeDirectory, open, status, entries, statfs
    case read, write, truncate, flush, flushDirectory, rename, unlink, lock, unlock
}

/// A call that does not do what was asked.
package struct Fault: Hashable, Sendable {
    package enum Effect: Hashable, Sendable {
        /// Nothing happens, and the caller is told so. A flush that fails
        /// loses what was to be flushed.
        case fails(Errno)
        /// Only a part of what was asked is read or written.
        case short
        /// The process is gone: no call of it does anything from here on.
        case dies
        /// The process is gone once a part of what was asked is done.
        case diesInside
    }

    /// The kind of call that it befalls; nil where any.
    package var call: SimulatedCall?
    /// Which of these calls, counted from 1.
    package var index: Int
    package var effect: Effect
    /// Whether it befalls all that follow too.
    package var isSticky: Bool

    package init(
        _ effect: Effect, at index: Int, of call: SimulatedCall? = nil, isSticky: Bool = false
    ) {
        self.call = call
        self.index = index
        self.effect = effect
        self.isSticky = isSticky
    }

    func befalls(_ index: Int) -> Bool {
        isSticky || effect == .dies || effect == .diesInside
            ? index >= self.index : index == self.index
    }
}

extension Errno {
    /// What every call of a process says that has died.
    package static var processIsGone: Errno { Errno(rawValue: 4000) }
}
