// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension RecordKey {
    /// The key of what has a name that may be longer than a key, or of other
    /// characters: 128 bits of hash stand for it.
    init(_ prefix: String, hashOf name: [UInt8]) {
        var digits: [UInt8] = []
        name.withUnsafeBytes { bytes in
            // Fixed keys: the name must be the same in every store and version.
            digits.append(hexadecimal: SipHash(k0: 0, k1: 0).hash(bytes))
            digits.append(hexadecimal: SipHash(k0: 1, k1: 0).hash(bytes))
        }
        self.init(prefix + String(decoding: digits, as: UTF8.self))
    }
}
