// SPDX-License-Identifier: Apache-2.0

extension String {
    /// The text that bytes stand for; nil where they are not valid UTF-8.
    ///
    /// Whatever is not valid is replaced, and so is no longer what it was. The
    /// initialiser of the standard library that fails instead looks up at run
    /// time what an encoding is, which a command's start would pay for.
    package init?(utf8 bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.utf8.elementsEqual(bytes) else { return nil }
        self = text
    }
}
