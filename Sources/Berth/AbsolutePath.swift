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

    /// The directory that a normalised path lies in; nil for the root.
    package static func parent(_ path: String) -> String? {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), path != "/" else {
            return nil
        }
        return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
    }

    /// The last component of a normalised path; empty for the root.
    package static func lastComponent(_ path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
        return String(path[path.utf8.index(after: slash)...])
    }

    /// Whether a normalised path lies below another, by whole components.
    package static func isInside(_ path: String, _ other: String) -> Bool {
        if other == "/" { return path != "/" }
        return path.utf8.count > other.utf8.count && path.utf8.starts(with: other.utf8)
            && path.utf8[path.utf8.index(path.utf8.startIndex, offsetBy: other.utf8.count)]
                == UInt8(ascii: "/")
    }

    /// Whether two normalised paths are one: by their bytes, as the kernel
    /// compares them, and not as text.
    package static func areSame(_ one: String, _ other: String) -> Bool {
        one.utf8.elementsEqual(other.utf8)
    }

    /// Whether two normalised paths are one, or one lies below the other.
    package static func areRelated(_ one: String, _ other: String) -> Bool {
        areSame(one, other) || isInside(one, other) || isInside(other, one)
    }

    /// Refuses a directory that is neither above nor below another, as it is
    /// spelled or without links: what is meant for one project is not done to
    /// its neighbour by mistake.
    package static func check(
        _ path: String, isRelatedTo directory: String
    ) throws(CoordinatorError) {
        if areRelated(path, directory) { return }
        if let place = try? resolved(path), areRelated(place, directory) { return }
        throw CoordinatorError(
            .unavailable,
            path + " is neither above nor below the current directory, " + directory
                + "; --allow-unrelated-path allows that")
    }

    /// The path of a directory of the caller's: the working directory where none is given.
    package static func directory(_ path: String?) throws(CoordinatorError) -> String {
        guard let path else { return try workingDirectory() }
        return try absolute(path, "the directory")
    }

    /// The path of a file of the caller's.
    package static func file(_ path: String) throws(CoordinatorError) -> String {
        try absolute(path, "the file")
    }

    private static func absolute(
        _ path: String, _ name: String
    ) throws(CoordinatorError) -> String {
        try checked(path, name)
        if path.utf8.first == UInt8(ascii: "/") { return normalized(path, from: "/") }
        return normalized(path, from: try workingDirectory())
    }

    /// The path without links of what a path leads to.
    package static func resolved(_ path: String) throws(CoordinatorError) -> String {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileCalls.realPath(path)
        } catch {
            throw .system("cannot follow the path " + path, error)
        }
        guard let text = String(utf8: bytes) else {
            throw CoordinatorError(.invalid, "the path that " + path + " leads to is not UTF-8")
        }
        return text
    }

    /// The working directory of the process.
    package static func workingDirectory() throws(CoordinatorError) -> String {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try CurrentProcess.workingDirectory()
        } catch {
            throw .system("cannot tell the working directory", error)
        }
        guard let path = String(utf8: bytes) else {
            throw CoordinatorError(.invalid, "the working directory's path is not valid UTF-8")
        }
        return path
    }
}
