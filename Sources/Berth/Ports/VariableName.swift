// SPDX-License-Identifier: Apache-2.0

/// The rule for names of environment variables that a shell is to evaluate.
enum VariableName {
    /// Why a name is not accepted, as what follows "that"; nil where it is.
    static func problem(_ name: String) -> String? {
        let bytes = name.utf8
        if bytes.isEmpty { return "has no name" }
        if bytes.count > 255 { return "has more than 255 bytes" }
        let isValid = bytes.enumerated().allSatisfy { place, byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "_"):
                true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): place > 0
            default: false
            }
        }
        return isValid ? nil : "is none of letters, digits and _, or begins with a digit"
    }

    /// Whether two names differ in the case of their letters at most.
    static func areAlike(_ one: String, _ other: String) -> Bool {
        one.utf8.elementsEqual(other.utf8) { upper($0) == upper($1) }
    }

    /// The name for a tag, valid or not: in capitals, each `-` as `_`.
    static func derived(from tag: String) -> String {
        let bytes = tag.utf8.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : upper($0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func upper(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) ? byte - 32 : byte
    }
}
