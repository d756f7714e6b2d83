// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Where a store is, by what the caller and the environment say.
package enum StoreLocation {
    /// The absolute path of the store.
    ///
    /// The first that is given counts: the caller's own choice, `BERTH_STORE`,
    /// `berth` in `XDG_STATE_HOME`, `.local/state/berth` in `HOME`. An empty
    /// variable is one that is not set; `XDG_STATE_HOME` and `HOME` count only
    /// where they are absolute.
    ///
    /// - Throws: `invalid` where a path is not valid, `cannotCreate` where no
    ///   place can be derived.
    package static func path(
        _ choice: String?, variable: (_ name: String) -> [UInt8]?,
        workingDirectory: () throws(CoordinatorError) -> String
    ) throws(CoordinatorError) -> String {
        if let choice {
            return try absolute(choice, "the store's directory", workingDirectory)
        }
        if let path = try text("BERTH_STORE", variable) {
            return try absolute(path, "BERTH_STORE", workingDirectory)
        }
        if let state = try text("XDG_STATE_HOME", variable), state.utf8.first == slash {
            return state + "/berth"
        }
        if let home = try text("HOME", variable), home.utf8.first == slash {
            return home + "/.local/state/berth"
        }
        let place = AbsolutePath.normalized(".berth", from: (try? workingDirectory()) ?? "/var/lib")
        throw CoordinatorError(
            .cannotCreate,
            "there is no place for the store, because HOME is not set; name one, such as "
                + "BERTH_STORE=" + place)
    }

    private static var slash: UInt8 { UInt8(ascii: "/") }

    private static func text(
        _ name: String, _ variable: (String) -> [UInt8]?
    ) throws(CoordinatorError) -> String? {
        guard let bytes = variable(name), !bytes.isEmpty else { return nil }
        guard let text = String(utf8: bytes) else {
            throw CoordinatorError(.invalid, name + " is not valid UTF-8")
        }
        return text
    }

    private static func absolute(
        _ path: String, _ name: String, _ workingDirectory: () throws(CoordinatorError) -> String
    ) throws(CoordinatorError) -> String {
        try AbsolutePath.checked(path, name)
        if path.utf8.first == slash { return path }
        return try workingDirectory() + "/" + path
    }
}
