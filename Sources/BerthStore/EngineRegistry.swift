// SPDX-License-Identifier: Apache-2.0

/// The engines of one process, one for each store's directory.
///
/// `@unchecked Sendable` because `entries` is only touched under `monitor`.
package final class EngineRegistry: @unchecked Sendable {
    /// The registry of this process.
    package static let ofThisProcess = EngineRegistry()

    private let monitor = Monitor()
    private var entries: [Entry] = []

    private struct Entry {
        let identity: FileIdentity
        weak var engine: StoreEngine?
    }

    package init() {}

    /// The engine of a directory, made where there is none yet.
    func engine(
        _ identity: FileIdentity, _ make: () throws(StoreError) -> StoreEngine
    ) throws(StoreError) -> StoreEngine {
        monitor.lock()
        defer { monitor.unlock() }
        entries.removeAll { $0.engine == nil }
        for entry in entries where entry.identity == identity {
            if let engine = entry.engine { return engine }
        }
        let engine = try make()
        entries.append(Entry(identity: identity, engine: engine))
        return engine
    }
}
