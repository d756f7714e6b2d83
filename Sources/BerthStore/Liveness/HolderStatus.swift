// SPDX-License-Identifier: Apache-2.0

/// Whether a holder still lives.
package enum HolderStatus: Hashable, Sendable {
    case alive
    /// Proven to have ended.
    case dead
    /// Neither is proven: treated as alive.
    case unknown

    /// Judges a recorded holder by what the machine says of its pid now.
    ///
    /// Only proof counts: age, silence and a permission that is missing are none.
    /// The observation is asked for only where pids can be compared.
    package static func of(
        _ holder: Holder, from here: Holder.Surroundings,
        observation: (_ process: Int32) -> ProcessObservation
    ) -> HolderStatus {
        let there = holder.surroundings
        if there.boot != here.boot {
            // An earlier boot of this machine took all its processes along;
            // of another machine nothing can be said.
            return there.host == here.host ? .dead : .unknown
        }
        // In another namespace the same number is another process.
        guard there.pidNamespace == here.pidNamespace, here.pidNamespace != 0 else {
            return .unknown
        }
        switch observation(holder.process) {
        case .missing: return .dead
        case .unreadable: return .unknown
        case .found(let facts): return status(holder, facts, here)
        }
    }

    private static func status(
        _ holder: Holder, _ facts: ProcessFacts, _ here: Holder.Surroundings
    ) -> HolderStatus {
        if facts.isZombie { return .dead }
        if let recorded = holder.instance, let instance = facts.instance, recorded != instance {
            return .dead
        }
        // Two time namespaces count from different moments.
        guard holder.surroundings.timeNamespace == here.timeNamespace else { return .unknown }
        return facts.start == holder.start ? .alive : .dead
    }

    /// Judges a holder by this machine as it is now.
    package static func of(_ holder: Holder, from here: Holder.Surroundings) -> HolderStatus {
        of(holder, from: here) { ProcessTable.observe($0) }
    }
}
