// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The configuration files that count for a directory and a store.
package struct ConfigurationFiles: Hashable, Sendable {
    /// `berth.json` of the project.
    package static var projectName: String { "berth.json" }
    /// `berth.local.json` of the project, which is not shared.
    package static var localName: String { "berth.local.json" }
    /// `config.json` of the store.
    package static var userName: String { "config.json" }

    /// The nearest directory upwards with a project's file; nil where none has one.
    package let project: String?
    /// The store's file, whether it is there or not.
    package let user: String

    /// Looks for the files.
    ///
    /// - Parameters:
    ///   - directory: Where the search begins: an absolute path without links.
    ///   - store: The absolute path of the store.
    package init(for directory: String, store: String) {
        user = store + "/" + Self.userName
        var place: String? = directory
        while let candidate = place {
            if Self.isThere(candidate, Self.projectName) || Self.isThere(candidate, Self.localName)
            {
                break
            }
            place = AbsolutePath.parent(candidate)
        }
        project = place
    }

    /// The project's file that is to be changed: the one that is not shared,
    /// where it is there; nil where the project has none.
    package var projectFile: String? {
        guard let project else { return nil }
        let name = Self.isThere(project, Self.localName) ? Self.localName : Self.projectName
        return Self.path(name, in: project)
    }

    /// Makes the store's file, with its settings as comments; returns whether
    /// it was not there. The store is.
    package func makeUserFile(planned isPlanned: Bool) throws(CoordinatorError) -> Bool {
        guard try ConfigurationText.read(user) == nil else { return false }
        if isPlanned { return true }
        do throws(SystemError) {
            let directory = try FileCalls.openDirectory(AbsolutePath.parent(user) ?? "/")
            defer { FileCalls.close(directory) }
            // Where a power loss takes it, it was only comments.
            _ = try FileCalls.replace(
                Self.userName, in: directory, by: Array(Self.userFile.utf8),
                newPermissions: 0o600)
            return true
        } catch {
            throw .system("cannot write " + user, error)
        }
    }

    private static var userFile: String {
        """
        {
            // Where free ports are looked for, from the lowest.
            "ports": {"min": 5000, "max": 7000},
            // Ports that are not given out: numbers, and ranges such as "5005..5009".
            "excluded_ports": [],
            // A reservation that nobody has asked for in so many days is idle.
            "cleanup": {"expire_after_days": 30}
        }

        """
    }

    /// The files of the project, the one that counts more first: those of the
    /// directory that was found, or of the file that is named. A named file
    /// that is called otherwise than they are stands alone.
    func projectFiles(_ named: String?) -> [String] {
        let names = [Self.localName, Self.projectName]
        if let named, !names.contains(AbsolutePath.lastComponent(named)) { return [named] }
        let directory = named.map { AbsolutePath.parent($0) ?? "/" } ?? project
        return directory.map { place in names.map { Self.path($0, in: place) } } ?? []
    }

    /// A path of one of the project's files.
    package static func path(_ name: String, in directory: String) -> String {
        directory == "/" ? "/" + name : directory + "/" + name
    }

    /// A directory that may not be searched has no say; what cannot be looked
    /// at for another reason is there, and reading it says what is wrong.
    private static func isThere(_ directory: String, _ name: String) -> Bool {
        do throws(SystemError) {
            _ = try FileCalls.status(ofPath: path(name, in: directory))
            return true
        } catch {
            return error.errno != .noEntry && error.errno != .notDirectory
                && !error.errno.isPermission
        }
    }
}

extension PortConfiguration {
    /// What the files and the environment say, by their weight: the
    /// environment, the local file, the project's file, the store's file.
    ///
    /// - Parameters:
    ///   - files: Where the files are.
    ///   - named: The project's file, where one is named; it must be there.
    ///   - variable: The bytes of a variable of the environment.
    /// - Returns: What they say together.
    /// - Throws: ``CoordinatorError`` with `configuration`, with the place of
    ///   the mistake.
    package static func load(
        _ files: ConfigurationFiles, projectFile named: String? = nil,
        environment variable: @escaping (_ name: String) -> [UInt8]?
    ) throws(CoordinatorError) -> PortConfiguration {
        var configuration = try PortConfiguration(environment: variable)
        for path in files.projectFiles(named) {
            if let file = try file(path, .project) {
                configuration = configuration.over(file)
            } else if path == named {
                throw CoordinatorError(.configuration, "there is no file " + path)
            }
        }
        if let file = try file(files.user, .user) { configuration = configuration.over(file) }
        return configuration
    }

    /// Reads one file, to see whether it is right.
    package static func validate(_ path: String) throws(CoordinatorError) {
        let name = AbsolutePath.lastComponent(path)
        let kind: FileKind = name == ConfigurationFiles.userName ? .user : .project
        guard try file(path, kind) != nil else {
            throw CoordinatorError(.configuration, "there is no file " + path)
        }
    }

    /// What one file says; nil where it is not there.
    static func file(
        _ path: String, _ kind: FileKind
    ) throws(CoordinatorError) -> PortConfiguration? {
        guard let text = try ConfigurationText.read(path) else { return nil }
        return try PortConfiguration(text, kind)
    }
}

extension ConfigurationText {
    /// Reads a file; nil where it is not there.
    static func read(_ path: String) throws(CoordinatorError) -> ConfigurationText? {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try FileCalls.readSmallFile(path, limit: maximumSize)
        } catch {
            switch error.errno {
            case .noEntry, .notDirectory: return nil
            case .invalid: throw CoordinatorError(.configuration, path + " is no file")
            case .fileTooLarge:
                throw CoordinatorError(.configuration, path + " is larger than 1 MiB")
            default: throw .system("cannot read " + path, error)
            }
        }
        return try ConfigurationText(bytes, name: path)
    }
}
