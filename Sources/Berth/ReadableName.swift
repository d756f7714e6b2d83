// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Names of files that stand for what users name.
package enum ReadableName {
    /// What a person recognises of a text, and a hash of all of it, which
    /// tells it from every other: at most 49 bytes. Upper and lower case stay
    /// apart where the file system does not keep them so.
    package static func of(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(49)
        for byte in text.utf8.prefix(32) { bytes.append(safe(byte)) }
        bytes.append(UInt8(ascii: "-"))
        bytes.append(hexadecimal: hash(text))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The key is part of the format: it spells "berth", then "lock".
    private static func hash(_ text: String) -> UInt64 {
        let sipHash = SipHash(k0: 0x6874_7265_62, k1: 0x6B63_6F6C)
        var text = text
        return text.withUTF8 { sipHash.hash(UnsafeRawBufferPointer($0)) }
    }

    private static func safe(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            byte
        case UInt8(ascii: "A")...UInt8(ascii: "Z"):
            byte + 0x20
        default:
            UInt8(ascii: "_")
        }
    }

    /// 16 hexadecimal digits that no other file has had or will have.
    package static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        bytes.append(hexadecimal: generator.next())
        return String(decoding: bytes, as: UTF8.self)
    }
}
