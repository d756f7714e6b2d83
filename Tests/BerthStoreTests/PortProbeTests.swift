// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Testing

@Suite("Whether a port is in use")
struct PortProbeTests {
    @Test(arguments: TestSocket.Kind.allCases, ["127.0.0.1", "0.0.0.0", "::1", "::"])
    func aBoundSocketIsNoticed(kind: TestSocket.Kind, address: String) throws {
        guard let socket = try TestSocket(kind, address) else { return }
        #expect(try PortProbe.isOccupied(socket.port))
        let port = socket.port
        socket.close()
        #expect(try !PortProbe.isOccupied(port))
    }

    @Test(arguments: [TestSocket.Kind.stream, .listeningStream])
    func sharingIsNoticed(kind: TestSocket.Kind) throws {
        let socket = try #require(try TestSocket(kind, "127.0.0.1", sharing: true))
        #expect(try PortProbe.isOccupied(socket.port))
    }

    @Test func noDescriptorIsLost() async {
        // In a process of its own: here other tests open files meanwhile.
        await #expect(processExitsWith: .success) {
            let socket = try #require(try TestSocket(.listeningStream, "127.0.0.1"))
            let before = TestSocket.lowestFreeDescriptor
            for _ in 0..<100 { _ = try PortProbe.isOccupied(socket.port) }
            try #require(TestSocket.lowestFreeDescriptor == before)
        }
    }
}
