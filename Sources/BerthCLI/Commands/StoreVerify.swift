// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth store verify`
enum StoreVerify: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "store verify", summary: "read everything in the store, and look for damage",
            details: """
                Changes nothing, takes no lock, and keeps nobody waiting. Each damage is named
                by file, byte and record on standard error. Status 65: the store is damaged.
                """)
    }

    /// How many damages are named to a person.
    private static var shown: Int { 100 }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let coordinator = try context.coordinator()
        let progress = ProgressLine("verifying " + coordinator.path, context)
        defer { progress.end() }
        let check = try coordinator.verify(progress: progress.report)
        progress.end()
        if context.settings.isJSON {
            var writer = JSONWriter()
            check.write(to: &writer)
            context.output.print(json: writer)
        } else if check.isSound {
            context.output.print(
                "sound: " + String(check.runs) + " runs, " + String(check.lines) + " lines, "
                    + String(check.bytes) + " bytes")
        }
        for note in check.notes { context.output.note(note) }
        for damage in check.damages.prefix(shown) { context.output.fail(damage.line) }
        if check.isSound { return .success }
        if check.damageCount > shown {
            context.output.fail("and " + String(check.damageCount - shown) + " more")
        }
        context.output.fail(
            "the store " + coordinator.path
                + " is damaged; nothing was changed: restore a backup, or see berth store salvage")
        return .damaged
    }
}

extension StoreCheck.Damage {
    fileprivate var line: String {
        let place = record.map { ", record " + String($0) } ?? ""
        return file + ", byte " + String(offset) + place + ": " + reason
    }
}

extension StoreCheck {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("sound", isSound)
        writer.member("runs", runs)
        writer.member("lines", lines)
        writer.member("bytes", bytes)
        writer.member("damage_count", damageCount)
        writer.member("damages")
        writer.beginArray()
        for damage in damages {
            writer.beginObject()
            writer.member("file", damage.file)
            writer.member("offset", damage.offset)
            writer.member("record")
            if let record = damage.record { writer.value(record) } else { writer.null() }
            writer.member("reason", damage.reason)
            writer.endObject()
        }
        writer.endArray()
        writer.member("notes")
        writer.beginArray()
        for note in notes { writer.value(note) }
        writer.endArray()
        writer.endObject()
    }
}
