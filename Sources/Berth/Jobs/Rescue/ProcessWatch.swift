// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// A process that is watched for as long as this value lives.
package final class ProcessWatch: Sendable {
    /// Can be read once the process has ended.
    let file: FileDescriptor

    init(_ process: Int32) throws(SystemError) {
        file = try ProcessTable.watch(process)
    }

    deinit {
        FileCalls.close(file)
    }
}
