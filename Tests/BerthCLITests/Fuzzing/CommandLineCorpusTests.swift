// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Testing

/// What `Scripts/proof/fuzz` has found worth keeping is read by every build.
@Suite struct CommandLineCorpusTests {
    @Test func everySavedInputIsUnderstoodOrRefused() throws {
        let inputs = try Corpus.inputs(beside: #filePath)
        #expect(inputs.count > 20)
        for input in inputs { CommandLineInput.run(input) }
    }
}
