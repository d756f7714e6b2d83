// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// What somebody sleeps for until a transaction brings it: a job of a queue, an
/// item of a pool.
package struct Interest: Hashable, Sendable {
    /// How the names of the bells begin that are rung for it.
    let name: String

    /// - Parameters:
    ///   - kind: What is slept for: lower-case letters.
    ///   - subject: Of whom; any text.
    package init(_ kind: StaticString, _ subject: String) {
        name = kind.description + "-" + ReadableName.of(subject)
    }
}

/// What a name in the directory of the bells stands for.
enum BellEntry: Hashable {
    /// A bell for the interest of this name.
    case bell(interest: Substring)
    /// A bell that has no name yet.
    case newborn
    /// Nothing of ours.
    case other

    init(_ name: String) {
        guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else {
            self = .other
            return
        }
        let suffix = name.utf8[dot...].dropFirst()
        if suffix.elementsEqual("new".utf8) {
            self = .newborn
        } else if suffix.count == 16, suffix.allSatisfy({ $0.hexadecimalDigit != nil }) {
            self = .bell(interest: name[..<dot])
        } else {
            self = .other
        }
    }

    static func name(of interest: Interest, _ identifier: String) -> String {
        interest.name + "." + identifier
    }

    static func newborn(_ identifier: String) -> String { identifier + ".new" }
}
