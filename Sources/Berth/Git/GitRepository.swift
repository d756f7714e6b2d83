// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// What the files of a git repository tell of a directory in it. Git itself is
/// not run; whatever cannot be read, or is not as expected, tells nothing.
struct GitRepository {
    /// The name of the repository's directory, which all its worktrees share.
    let project: String?
    /// The name of the worktree's directory, or in the first worktree the
    /// branch that is checked out.
    let task: String?

    private static var longestFile: Int { 4096 }

    /// Looks for a repository from a directory upwards; nil where there is
    /// none. The directory is an absolute, normalised path, and need not be there.
    init?(containing directory: String) {
        var place = directory
        while true {
            if let repository = GitRepository(at: place) {
                self = repository
                return
            }
            guard let parent = AbsolutePath.parent(place) else { return nil }
            place = parent
        }
    }

    private init?(at worktree: String) {
        let entry = AbsolutePath.normalized(".git", from: worktree)
        guard let status = try? FileCalls.status(ofPath: entry) else { return nil }
        if status.kind == .directory {
            project = Self.name(worktree)
            task = Self.branch(in: entry)
            return
        }
        // A file `gitdir: PATH`: a further worktree, or a submodule.
        guard let line = Self.line(of: entry), line.hasPrefix("gitdir: ") else { return nil }
        let own = AbsolutePath.normalized(String(line.dropFirst(8)), from: worktree)
        guard let common = Self.line(of: own + "/commondir") else {
            project = Self.name(own)
            task = Self.branch(in: own)
            return
        }
        let shared = AbsolutePath.normalized(common, from: own)
        let isHidden = AbsolutePath.lastComponent(shared) == ".git"
        project = Self.name(isHidden ? AbsolutePath.parent(shared) ?? shared : shared)
        task = Self.name(worktree)
    }

    /// The last component of a path as a name that a reservation may carry.
    private static func name(_ path: String) -> String? {
        var name = AbsolutePath.lastComponent(path)
        if name.hasSuffix(".git") { name = String(name.dropLast(4)) }
        return ReservationText.problem(name) == nil ? name : nil
    }

    /// The branch that is checked out; nil where none is.
    private static func branch(in directory: String) -> String? {
        let prefix = "ref: refs/heads/"
        guard let line = line(of: directory + "/HEAD"), line.hasPrefix(prefix) else { return nil }
        let name = String(line.dropFirst(prefix.count))
        return ReservationText.problem(name) == nil ? name : nil
    }

    /// The first line of a small file.
    private static func line(of path: String) -> String? {
        guard let bytes = try? FileCalls.readSmallFile(path, limit: longestFile) else { return nil }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        return String(utf8: Array(line))
    }
}
