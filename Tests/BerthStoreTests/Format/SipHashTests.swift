// SPDX-License-Identifier: Apache-2.0

import BerthStore
import Testing

@Suite("SipHash-2-4") struct SipHashTests {
    /// The key and the messages of the paper's appendix: 00 01 02 …
    @Test(
        arguments: [
            (0, 0x726F_DB47_DD0E_0E31), (1, 0x74F8_39C5_93DC_67FD), (7, 0xAB02_00F5_8B01_D137),
            (8, 0x93F5_F579_9A93_2462), (15, 0xA129_CA61_49BE_45E5), (63, 0x958A_324C_EB06_4572),
        ] as [(Int, UInt64)])
    func vectorsOfThePaperCome(length: Int, hash: UInt64) {
        let key = SipHash(k0: 0x0706_0504_0302_0100, k1: 0x0F0E_0D0C_0B0A_0908)
        let message = (0..<UInt8(length)).map { $0 }
        #expect(message.withUnsafeBytes { key.hash($0) } == hash)
    }
}
