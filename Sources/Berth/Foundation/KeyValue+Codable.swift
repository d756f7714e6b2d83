// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension KeyValue {
    /// The JSON of a value of the program's own, to be put under a key.
    ///
    /// - Parameter value: What encodes to one JSON value.
    /// - Returns: JSON in UTF-8, the same in every process: names are sorted.
    /// - Throws: What the value's encoding throws.
    public static func json(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }

    /// The value as one of the program's own types.
    ///
    /// - Parameter type: What the JSON stands for.
    /// - Returns: The decoded value.
    /// - Throws: What the type's decoding throws where the JSON is not of it.
    public func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(json))
    }
}
