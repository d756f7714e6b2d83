// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Paths as names: made absolute and normalised by their text alone, without
/// asking the file system, so that a directory that is gone keeps its name.
package enum AbsolutePath {
    /// The longest path, in bytes: that of the kernel.
    package static var maximumLength: Int { 4096 }

    /// Refuses a path that names nothing on any machine.
    static func checked(_ path: String, _ name: String) throws(CoordinatorError) {
        if path.isEmpty { throw CoordinatorError(.invalid, name + " is an empty path") }
        if path.utf8.contains(0) {
            throw CoordinatorError(.invalid, name + " has a NUL character in its path")
        }
        if path.utf8.count >= maximumLength {
            throw CoordinatorError(.invalid, name + " has a path of 4096 bytes or more")
        }
    }

    /// The path with its base before it where it is relative, and without
    /// empty components, `.`, `..` and a slash at its end.
    static func normalized(_ path: String, from base: String) -> String {
        let isAbsolute = path.utf8.first == UInt8(ascii: "/")
        var components: [Substring.UTF8View] = []
        for part in isAbsolute ? [path] : [base, path] {
            for component in part.utf8.split(separator: UInt8(ascii: "/")) {
                if component.elementsEqual("..".utf8) {
                    _ = components.popLast()
                } else if !component.elementsEqual(".".utf8) {
                    components.append(component)
                }
            }
        }
        if components.isEmpty { return "/" }
        var result = ""
        for component in components { result += "/" + String(Substring(component)) }
        return result
    }

    /// The path of a directory of the caller's: the working directory where none is given.
    package static func directory(_ path: String?) throws(CoordinatorError) -> String {
        guard let path else { return try workingDirectory() }
        try checked(path, "the directory")
        if path.utf8.first == UInt8(ascii: "/") { return normalized(path, from: "/") }
        return normalized(path, from: try directory(nil))
    }

    /// The working directory of the process.
    package static func workingDirectory() throws(CoordinatorError) -> String {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try CurrentProcess.workingDirectory()
        } catch {
            throw .system("cannot tell the working directory", error)
        }
        guard let path = String(validating: bytes, as: UTF8.self) else {
            throw CoordinatorError(.invalid, "the working directory's path is not valid UTF-8")
        }
        return path
    }
}
