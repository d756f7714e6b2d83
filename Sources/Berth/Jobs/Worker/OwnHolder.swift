// SPDX-License-Identifier: Apache-2.0

import BerthStore
import Synchronization

/// What this process is to others: asked of the system once, not for each claim.
final class OwnHolder: Sendable {
    private let known = Mutex<Holder?>(nil)

    func get() throws(SystemError) -> Holder {
        try known.withLock { known throws(SystemError) in
            // After a fork it is another process.
            if let known, known.process == CurrentProcess.identifier { return known }
            let holder = try Holder.current()
            known = holder
            return holder
        }
    }
}
