// SPDX-License-Identifier: Apache-2.0

/// A value of a configuration file, and where in the file it stands.
struct ConfigurationNode {
    indirect enum Value {
        case null
        case bool(Bool)
        /// As it is written.
        case number(ArraySlice<UInt8>)
        case string(String)
        case array([ConfigurationNode])
        case object([Member])
    }

    struct Member {
        let name: String
        /// Where the name stands.
        let start: Int
        let node: ConfigurationNode
    }

    let value: Value
    /// Its bytes in the file.
    let bounds: Range<Int>

    /// The value of a member; nil where this is no object, or has none of the name.
    func member(_ name: String) -> ConfigurationNode? {
        guard case .object(let members) = value else { return nil }
        return members.first { $0.name == name }?.node
    }
}
