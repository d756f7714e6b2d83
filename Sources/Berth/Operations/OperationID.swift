// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// A name that a caller chooses for one change, so that it can be asked for
/// again without happening twice.
///
/// After `indeterminate`, or where the caller died before it heard, the same
/// call with the same id does what is left to do: nothing where the change was
/// made, and then the answer is the first one. The outcomes of the last 4096
/// changes of a store that had an id are kept; an id that is older is new again.
/// A change that failed is not kept: the next call with its id makes it anew.
public struct OperationID: Hashable, Sendable {
    let text: String

    /// Checks an id.
    ///
    /// - Parameter text: 1 to 255 bytes of printable ASCII without space, `"`
    ///   and `\`. No two changes may share it: a UUID is a good one.
    /// - Throws: ``CoordinatorError`` with `invalid` where it is not valid.
    public init(_ text: String) throws(CoordinatorError) {
        guard text.utf8.count <= 255, RecordKey(validating: text) != nil else {
            throw CoordinatorError(
                .invalid,
                "an operation's id is 1 to 255 bytes of printable ASCII without space, \" and \\")
        }
        self.text = text
    }
}

/// A change that has an id, as its record tells it from another with that id.
struct Operation {
    let id: OperationID
    /// What the transaction is for, as the journal tells it.
    let name: String
    /// What is asked for, as bytes: equal for equal requests.
    let request: [UInt8]

    /// The record of its outcome.
    var record: RecordKey { RecordKey(OperationRecords.outcomes, hashOf: Array(id.text.utf8)) }

    /// A hash of what it is.
    var fingerprint: String {
        var digits: [UInt8] = []
        let bytes = Array(name.utf8) + [0] + request
        digits.append(hexadecimal: bytes.withUnsafeBytes { SipHash(k0: 0, k1: 0).hash($0) })
        return String(decoding: digits, as: UTF8.self)
    }

    /// The outcome that a record keeps.
    ///
    /// - Throws: `invalid` where the id is that of another change.
    func outcome(in record: Record) throws(CoordinatorError) -> [UInt8] {
        guard let fields = JSONFields(record.value), let owner = fields.string("id"),
            let fingerprint = fields.string("request"), let outcome = fields.json("outcome")
        else {
            throw CoordinatorError(
                .damaged, "the record " + record.key.text + " is not one of an operation")
        }
        guard owner == id.text, fingerprint == self.fingerprint else {
            throw CoordinatorError(
                .invalid,
                "the operation id " + id.text + " was given to another change; choose a new one")
        }
        return Array(outcome)
    }
}
