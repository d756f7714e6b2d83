// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport

@testable import BerthStore

extension DiskState {
    /// The first line of the journal that processes see.
    var generationHeader: GenerationHeader? {
        guard let bytes = bytes(at: Store.simulatedPath + "/journal"),
            let newline = bytes.firstIndex(of: UInt8(ascii: "\n"))
        else { return nil }
        return bytes.withUnsafeBytes {
            try? GenerationHeader(UnsafeRawBufferPointer(rebasing: $0[..<newline]))
        }
    }
}
