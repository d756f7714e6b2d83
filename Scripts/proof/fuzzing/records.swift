// SPDX-License-Identifier: Apache-2.0

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    RecordInput.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}
