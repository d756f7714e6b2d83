// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
    import Darwin
#endif

/// The names of users and groups.
package enum UserTable {
    /// The number of a group that a name, or a number, stands for; nil where
    /// there is none. Looked for as ``name(of:)`` does. The corresponding C
    /// function is `getgrnam`.
    package static func group(_ name: String) -> UInt32? {
        let bytes = Array(name.utf8)
        if let number = UInt32(decimal: bytes[...]), number < .max { return number }
        #if canImport(Darwin)
            return getgrnam(name)?.pointee.gr_gid
        #else
            guard let text = try? FileCalls.readSmallFile("/etc/group", limit: 1024 * 1024) else {
                return nil
            }
            for line in text.split(separator: UInt8(ascii: "\n")) {
                let fields = line.split(
                    separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
                if fields.count > 2, fields[0].elementsEqual(bytes) {
                    return UInt32(decimal: fields[2])
                }
            }
            return nil
        #endif
    }

    /// The name of a user; nil where it is not known.
    ///
    /// On Linux the file `/etc/passwd` is read and nobody else asked: the C
    /// library would load code for that into a program that is linked as a
    /// whole. The corresponding C function is `getpwuid`.
    package static func name(of user: UInt32) -> String? {
        #if canImport(Darwin)
            guard let entry = getpwuid(user), let name = entry.pointee.pw_name else { return nil }
            return String(cString: name)
        #else
            guard let text = try? FileCalls.readSmallFile("/etc/passwd", limit: 1024 * 1024) else {
                return nil
            }
            for line in text.split(separator: UInt8(ascii: "\n")) {
                let fields = line.split(
                    separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
                if fields.count > 2, UInt32(decimal: fields[2]) == user {
                    return String(decoding: fields[0], as: UTF8.self)
                }
            }
            return nil
        #endif
    }
}
