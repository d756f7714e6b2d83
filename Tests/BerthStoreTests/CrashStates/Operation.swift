// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport

/// One thing that is done to a store before, or while, the machine ends.
enum Operation: String, CaseIterable, Sendable {
    case set, overwrite, delete, many, big, abandoned, rotation, reopened, other
    case medium, merge

    /// Those that every store is put through.
    static var ordinary: [Operation] {
        [.set, .overwrite, .delete, .many, .big, .abandoned, .rotation, .reopened, .other]
    }

    struct Abandoned: Error {}

    /// Who does it: the process of the sequence, which keeps its handle, or another.
    var isByAnother: Bool {
        self == .reopened || self == .other || self == .rotation || self == .merge
    }

    /// The limits it is done with.
    var limits: StoreLimits {
        var limits = StoreLimits.small
        if self == .rotation { limits.rotationBytes = 1 }
        return limits
    }

    /// The changes it makes: JSON, or nil for a record that is deleted.
    private func changes(_ salt: Int) -> [(String, String?)] {
        let text = String(salt)
        switch self {
        case .set: return [("new/" + text, text)]
        case .overwrite: return [("a", text)]
        case .delete: return [("a", nil)]
        case .many:
            return [("a", text), ("b/1", nil), ("c", "{\"n\":" + text + "}"), ("d/" + text, "[]")]
        case .big: return [("big", "\"" + String(repeating: "x", count: 1100 + salt) + "\"")]
        case .abandoned: return []
        case .rotation: return [("e", text)]
        case .reopened: return [("f", text)]
        case .other: return [("a", "\"other " + text + "\"")]
        case .medium:
            return [
                ("a", nil), ("m", "\"" + text + String(repeating: "x", count: 310) + "\""),
                ("u/" + text, text),
            ]
        case .merge: return []
        }
    }

    /// Does it; what it returned from without an error is acknowledged.
    func run(on store: Store, salt: Int) throws {
        if self == .merge {
            let merger = try store.merger()
            for kind in MergeKind.allCases { try merger.mergeWhatIsDue(kind) }
            return
        }
        do {
            try store.write(rawValue) { transaction in
                for (key, value) in changes(salt) {
                    if let value {
                        try transaction.set(RecordKey(key), Array(value.utf8))
                    } else {
                        transaction.delete(RecordKey(key))
                    }
                }
                if self == .abandoned {
                    try transaction.set(RecordKey("a"), Array("\"never\"".utf8))
                    throw Abandoned()
                }
            }
        } catch is Abandoned {}
    }

    /// What it makes of the records.
    func applied(to model: StoreModel, salt: Int) -> StoreModel {
        let changes = changes(salt)
        if changes.isEmpty { return model }
        var model = model
        model.apply(changes.map { (RecordKey($0.0), $0.1.map { Array($0.utf8) }) })
        return model
    }
}
