// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// `berth store info`
enum StoreInfo: Command {
    static var syntax: CommandSyntax {
        CommandSyntax(
            name: "store info", summary: "say what the store consists of",
            details: """
                Write amplification: how many bytes of journals and runs were written for each
                byte of a transaction, in the past generations that history/ keeps. Status 66:
                there is no store.
                """)
    }

    static func run(
        _ arguments: ArgumentReader, _ context: CommandContext
    ) throws -> ExitStatus {
        show(try context.coordinator().information(), context)
        return .success
    }

    static func show(_ information: StoreInformation, _ context: CommandContext) {
        if context.settings.isJSON {
            var writer = JSONWriter()
            information.write(to: &writer)
            context.output.print(json: writer)
            return
        }
        var facts = Table([.init(title: "STORE"), .init(title: information.path)])
        facts.add(["durability", information.durability.name])
        facts.add(["generation", String(information.generation)])
        facts.add(["transactions", String(information.transaction)])
        facts.add(["journal", String(information.journalBytes) + " bytes"])
        facts.add(["flushed", String(information.flushedBytes) + " bytes"])
        facts.add([
            "history",
            String(information.historyGenerations) + " generations, "
                + String(information.historyBytes) + " bytes",
        ])
        facts.add([
            "merges",
            String(information.mergesUnderWay) + " under way, "
                + String(information.mergesFinished) + " finished",
        ])
        facts.add(["write amplification", information.amplificationText ?? "not known yet"])
        context.output.print(facts)
        if information.runs.isEmpty { return }
        context.output.print("")
        var runs = Table([
            .init(title: "RUN"), .init(title: "BYTES", isRightAligned: true),
            .init(title: "RECORDS", isRightAligned: true),
        ])
        for run in information.runs {
            runs.add([run.name, String(run.bytes), String(run.records)])
        }
        context.output.print(runs)
    }
}

extension StoreInformation {
    /// With two digits behind the point.
    fileprivate var amplificationText: String? {
        writeAmplification.map { ratio in
            let hundredths = Int((ratio * 100).rounded())
            let rest = String(hundredths % 100)
            return String(hundredths / 100) + "." + (rest.utf8.count < 2 ? "0" : "") + rest
        }
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("path", path)
        writer.member("durability", durability.name)
        writer.member("generation", generation)
        writer.member("transactions", transaction)
        writer.member("journal_bytes", journalBytes)
        writer.member("flushed_bytes", flushedBytes)
        writer.member("runs")
        writer.beginArray()
        for run in runs {
            writer.beginObject()
            writer.member("name", run.name)
            writer.member("bytes", run.bytes)
            writer.member("records", run.records)
            writer.endObject()
        }
        writer.endArray()
        writer.member("merges_under_way", mergesUnderWay)
        writer.member("merges_finished", mergesFinished)
        writer.member("history_generations", historyGenerations)
        writer.member("history_bytes", historyBytes)
        writer.member("write_amplification", json: Array((amplificationText ?? "null").utf8))
        writer.endObject()
    }
}

extension Coordinator.Durability {
    /// As the command line spells it.
    var name: String {
        switch self {
        case .full: "full"
        case .strict: "strict"
        default: "process"
        }
    }
}
