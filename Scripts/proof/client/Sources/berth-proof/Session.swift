// SPDX-License-Identifier: Apache-2.0

import Berth

/// Does what lines of text say, with one coordinator.
struct Session {
    private let values: Values

    init(_ coordinator: Coordinator) {
        values = coordinator.values
    }

    /// Carries out one line and tells how it went.
    func answer(to line: String) -> String {
        let words = line.split(separator: " ", maxSplits: 3).map(String.init)
        do {
            return try carryOut(words)
        } catch let error as CoordinatorError {
            switch error.code {
            case .unavailable: return "no"
            case .notFound: return "none"
            case .indeterminate: return "maybe \(error.code)"
            default: return "failed \(error.message)"
            }
        } catch {
            return "failed \(error)"
        }
    }

    private func carryOut(_ words: [String]) throws -> String {
        switch (words.first, words.count) {
        case ("get", 2):
            guard let value = try values.value(forKey: words[1]) else { return "none" }
            return "ok \(value.version) \(String(decoding: value.json, as: UTF8.self))"
        case ("set", 4):
            let version = try values.set(
                words[3].utf8, forKey: words[1], if: condition(words[2]))
            return "ok \(version)"
        case ("delete", 3):
            return "ok \(try values.delete(words[1], if: condition(words[2])))"
        default:
            return "failed what is this?"
        }
    }

    private func condition(_ word: String) -> KeyCondition {
        switch word {
        case "*": .always
        case "0": .absent
        default: UInt64(word).map { .version($0) } ?? .absent
        }
    }
}
