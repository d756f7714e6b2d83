// SPDX-License-Identifier: Apache-2.0

/// The scripts by which shells complete command lines of `berth`, made of what
/// the reader itself goes by.
struct CompletionScript {
    /// What may come next at one place of a command line.
    private struct Choice {
        let word: String
        let summary: String
    }

    private let commands: [CommandSyntax]

    init(_ commands: [CommandSyntax]) {
        self.commands = commands
    }

    // MARK: What there is to choose from

    /// The first words of the commands, each once.
    private var names: [Choice] {
        var names: [Choice] = []
        for command in commands {
            let parts = command.name.split(separator: " ")
            let word = String(parts[0])
            if names.last?.word == word { continue }
            let summary = parts.count == 1 ? command.summary : "see berth help " + word
            names.append(Choice(word: word, summary: summary))
        }
        return names
    }

    private func members(of group: String) -> [Choice] {
        commands.compactMap { command in
            let parts = command.name.split(separator: " ")
            guard parts.count == 2, parts[0] == group else { return nil }
            return Choice(word: String(parts[1]), summary: command.summary)
        }
    }

    private func options(of command: CommandSyntax) -> [Choice] {
        command.acceptedOptions.map { option in
            Choice(word: "--" + option.name, summary: option.summary)
        }
    }

    /// Every option that takes the next word as its value.
    private var optionsWithValues: [String] {
        var words: [String] = []
        for option in CommandSyntax.global + commands.flatMap(\.options) where option.value != nil {
            words.append("--" + option.name)
            if let letter = option.letter { words.append("-" + letter) }
        }
        var unique: [String] = []
        for word in words where !unique.contains(word) { unique.append(word) }
        return unique
    }

    // MARK: Shells

    var bash: String {
        script(
            head: """
                _berth() {
                    local index names=() choices=
                    for ((index = 1; index < COMP_CWORD; index++)); do
                        case ${COMP_WORDS[index]} in
                            \(optionsWithValues.joined(separator: " | "))) ((index++)) ;;
                            -*) ;;
                            *) names+=("${COMP_WORDS[index]}") ;;
                        esac
                    done
                    case "${names[0]} ${names[1]}" in

                """,
            tail: """
                    esac
                    COMPREPLY=($(compgen -W "$choices" -- "${COMP_WORDS[COMP_CWORD]}"))
                }
                complete -o default -F _berth berth
                """
        ) { choices in
            "choices='" + choices.map(\.word).joined(separator: " ") + "'"
        }
    }

    var zsh: String {
        script(
            head: """
                #compdef berth
                _berth() {
                    local -a names choices
                    local -i index
                    for ((index = 2; index < CURRENT; index++)); do
                        case ${words[index]} in
                            \(optionsWithValues.joined(separator: " | "))) ((index++)) ;;
                            -*) ;;
                            *) names+=("${words[index]}") ;;
                        esac
                    done
                    case "${names[1]} ${names[2]}" in

                """,
            tail: """
                    esac
                    _describe -o berth choices || _files
                }
                compdef _berth berth
                """
        ) { choices in
            let entries = choices.map { choice in
                Self.quoted(choice.word + ":" + choice.summary.replacing(":", with: "\\:"))
            }
            return "choices=(" + entries.joined(separator: " ") + ")"
        }
    }

    /// The frame that bash and zsh share: a case for each command, for each
    /// group, and for the beginning of the line.
    private func script(
        head: String, tail: String, assignment: ([Choice]) -> String
    ) -> String {
        var lines = ""
        func add(_ pattern: String, _ choices: [Choice]) {
            lines += "        " + pattern + ") " + assignment(choices) + " ;;\n"
        }
        for command in commands {
            let isMember = command.name.utf8.contains(UInt8(ascii: " "))
            add("\"" + command.name + (isMember ? "\"" : " \"*"), options(of: command))
        }
        for name in names {
            let members = members(of: name.word)
            if !members.isEmpty { add("\"" + name.word + " \"*", members) }
        }
        add("*", names)
        return head + lines + tail
    }

    var fish: String {
        var lines: [String] = []
        func add(_ condition: String?, _ arguments: String, _ summary: String) {
            let clause = condition.map { " -n " + Self.quoted($0) } ?? ""
            lines.append("complete -c berth" + clause + arguments + " -d " + Self.quoted(summary))
        }
        for name in names {
            add("__fish_use_subcommand", " -f -a " + name.word, name.summary)
            let members = members(of: name.word)
            let others = members.map(\.word).joined(separator: " ")
            for member in members {
                let condition =
                    "__fish_seen_subcommand_from " + name.word
                    + "; and not __fish_seen_subcommand_from " + others
                add(condition, " -f -a " + member.word, member.summary)
            }
        }
        for option in CommandSyntax.global { add(nil, Self.fishOption(option), option.summary) }
        for command in commands {
            let condition = command.name.split(separator: " ")
                .map { "__fish_seen_subcommand_from " + $0 }.joined(separator: "; and ")
            for option in command.options {
                add(condition, Self.fishOption(option), option.summary)
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func fishOption(_ option: OptionSyntax) -> String {
        let letter = option.letter.map { " -s " + $0 } ?? ""
        return " -l " + option.name + letter + (option.value == nil ? "" : " -r")
    }

    /// A text as one word of any of the shells.
    private static func quoted(_ text: String) -> String {
        "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
