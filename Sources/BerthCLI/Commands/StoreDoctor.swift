// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth store doctor`
enum StoreDoctor: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "store doctor", summary: "look for what is wrong with a store and its place",
            details: """
                Looks at the file system and its locks, permissions, the journal, what crashes
                have left, and free space. Each finding says what to do. Status 1: something is
                to be done. What is stored is read by berth store verify.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        let examination = try StoreExamination(try context.coordinator().store) {
            path throws(SystemError) in
            try LockProbe.isGranted(path)
        }
        let findings = examination.findings() + (try context.locks().findings())
        if context.settings.isJSON {
            var writer = JSONWriter()
            writer.beginArray()
            for finding in findings {
                writer.beginObject()
                writer.member("subject", finding.subject)
                writer.member("healthy", finding.isHealthy)
                writer.member("finding", finding.text)
                writer.endObject()
            }
            writer.endArray()
            context.output.print(json: writer)
        } else {
            var table = Table([
                .init(title: "SUBJECT"), .init(title: "STATE"), .init(title: "FINDING"),
            ])
            for finding in findings {
                table.add([finding.subject, finding.isHealthy ? "ok" : "wrong", finding.text])
            }
            context.output.print(table)
        }
        return findings.allSatisfy(\.isHealthy) ? .success : .no
    }
}
